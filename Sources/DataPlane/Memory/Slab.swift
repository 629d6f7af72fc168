import CLinux

/// Elements of one kind at stable addresses, named by index, with in-place access that checks its bounds.
///
/// Address space for `capacity` elements is reserved at once and backed by memory only as far as elements were ever in
/// use. `make` gives an element its first state; `free` keeps the element as it is (a generation counter survives).
@safe struct Slab<Element: ~Copyable>: ~Copyable {
    private let base: UnsafeMutablePointer<Element>
    let capacity: Int
    private(set) var initialized = 0
    private var freeList: [Int32] = []
    private let make: () -> Element

    init(capacity: Int, make: @escaping () -> Element) {
        let bytes = capacity * MemoryLayout<Element>.stride
        guard let memory = unsafe apus_reserve(UInt(bytes)) else {
            preconditionFailure("no address space for \(bytes) bytes: lower the connection limits")
        }
        // Safe because mmap answers page-aligned memory of that size, which this slab alone holds.
        unsafe base = memory.bindMemory(to: Element.self, capacity: capacity)
        self.capacity = capacity
        self.make = make
    }

    deinit {
        // Safe because exactly the first `initialized` elements are.
        unsafe base.deinitialize(count: initialized)
        unsafe munmapBase(base, capacity)
    }

    /// Elements in use.
    var count: Int { initialized - freeList.count }

    /// An element of the caller's own, or nil when all are in use.
    @inline(__always) mutating func allocate() -> Int32? {
        if let index = freeList.popLast() { return index }
        return allocateFresh()
    }

    @inline(never) private mutating func allocateFresh() -> Int32? {
        guard initialized < capacity else { return nil }
        let index = initialized
        // Safe because index < capacity and this element was never initialised.
        unsafe (base + index).initialize(to: make())
        initialized += 1
        return Int32(index)
    }

    @inline(__always) mutating func free(_ index: Int32) { freeList.append(index) }

    @inline(__always) subscript(_ index: Int32) -> Element {
        unsafeAddress {
            precondition(UInt32(bitPattern: index) < UInt32(truncatingIfNeeded: initialized))
            return unsafe UnsafePointer(base + Int(index))
        }
        unsafeMutableAddress {
            precondition(UInt32(bitPattern: index) < UInt32(truncatingIfNeeded: initialized))
            return unsafe base + Int(index)
        }
    }
}

/// Gives a slab's address space back.
private func munmapBase<Element: ~Copyable>(_ base: UnsafeMutablePointer<Element>, _ capacity: Int) {
    unsafe apus_release(UnsafeMutableRawPointer(base), UInt(capacity * MemoryLayout<Element>.stride))
}
