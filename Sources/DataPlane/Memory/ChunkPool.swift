/// Free buffers of one worker, most recently used first, so that a hot buffer is still in the cache.
///
/// Not bounded by itself: what is lent is bounded by the connections' limits; what is kept free is bounded here.
@safe struct ChunkPool: ~Copyable {
    enum Kind { case standard, large }

    /// Free memory kept for reuse, per kind; what comes back beyond it goes back to the allocator.
    static let keptStandard = 2048
    static let keptLarge = 64
    /// Large buffers lent for reading at one time (64 MiB); beyond it connections read into standard ones.
    static let lentLargeLimit = 512

    private var lentLarge = 0
    private var standard: [UnsafeMutableRawPointer] = unsafe []
    private var large: [UnsafeMutableRawPointer] = unsafe []

    init() {
        unsafe standard.reserveCapacity(Self.keptStandard)
        unsafe large.reserveCapacity(Self.keptLarge)
    }

    deinit {
        for index in unsafe 0..<standard.count { unsafe standard[index].deallocate() }
        for index in unsafe 0..<large.count { unsafe large[index].deallocate() }
    }

    @inline(__always) var mayLendLarge: Bool { lentLarge < Self.lentLargeLimit }

    @inline(__always) mutating func take(_ kind: Kind) -> UnsafeMutableRawPointer {
        switch kind {
        case .standard:
            if let memory = unsafe standard.popLast() { return unsafe memory }
            return unsafe Self.allocate(ChunkSize.standard)
        case .large:
            lentLarge &+= 1
            if let memory = unsafe large.popLast() { return unsafe memory }
            return unsafe Self.allocate(ChunkSize.large)
        }
    }

    @inline(__always) mutating func give(_ memory: UnsafeMutableRawPointer, _ kind: Kind) {
        switch kind {
        case .standard:
            if unsafe standard.count < Self.keptStandard {
                unsafe standard.append(memory)
            } else {
                unsafe Self.free(memory)
            }
        case .large:
            lentLarge &-= 1
            if unsafe large.count < Self.keptLarge { unsafe large.append(memory) } else { unsafe Self.free(memory) }
        }
    }

    @inline(never) private static func allocate(_ size: Int) -> UnsafeMutableRawPointer {
        UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    }

    @inline(never) private static func free(_ memory: UnsafeMutableRawPointer) { unsafe memory.deallocate() }
}
