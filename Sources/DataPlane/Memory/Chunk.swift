import CLinux
import Glibc

/// Sizes of the buffers that a worker lends to its connections.
enum ChunkSize {
    /// What a connection may hold on to while it waits; forwarded heads are written into one.
    static let standard = 16 * 1024
    /// What is read into: one receive and one send move a body of 64 KiB with its head, and a megabyte costs half of
    /// what it costs in steps of 16 KiB (measured: see Docs/Performance.md).
    static let large = 128 * 1024
}

/// What one non-blocking socket operation came to.
enum Transfer {
    case moved(Int)
    /// Nothing could be moved now; epoll tells when that changes.
    case wouldBlock
    /// The peer ended its direction (reads only).
    case ended
    /// The connection is broken; the value is the `errno`.
    case failed(Int32)
}

/// A receive or send buffer borrowed from a `ChunkPool`: `[head, tail)` holds bytes not yet consumed.
///
/// Owned memory without a `deinit`: it goes back through `release(to:)`, since only the worker knows its pool.
@safe struct Chunk: ~Copyable {
    private var base: UnsafeMutableRawPointer? = nil
    private(set) var capacity = 0
    private(set) var head = 0
    private(set) var tail = 0

    @inline(__always) init() {}

    @inline(__always) var count: Int { tail &- head }
    @inline(__always) var isEmpty: Bool { head == tail }
    @inline(__always) var isAttached: Bool { unsafe base != nil }
    /// Bytes that can still be appended behind `tail`.
    @inline(__always) var free: Int { capacity &- tail }

    /// Borrows standard memory unless there is some already.
    @inline(__always) mutating func attach(from pool: inout ChunkPool) {
        if unsafe base == nil {
            // Safe because the pool hands out memory of exactly this capacity and nobody else holds it.
            unsafe base = pool.take(.standard)
            capacity = ChunkSize.standard
            head = 0
            tail = 0
        }
    }

    /// Borrows memory to receive into, unless there is some already: large while the pool's bound allows.
    @inline(__always) mutating func attachRoomy(from pool: inout ChunkPool) {
        if unsafe base == nil {
            if pool.mayLendLarge {
                // Safe because the pool hands out memory of exactly this capacity and nobody else holds it.
                unsafe base = pool.take(.large)
                capacity = ChunkSize.large
            } else {
                unsafe base = pool.take(.standard)
                capacity = ChunkSize.standard
            }
            head = 0
            tail = 0
        }
    }

    /// What is left has to wait: a small rest moves out of large memory.
    @inline(__always) mutating func settle(_ pool: inout ChunkPool) {
        if head == tail { release(to: &pool) } else if capacity > ChunkSize.standard { shrink(&pool) }
    }

    @inline(never) private mutating func shrink(_ pool: inout ChunkPool) {
        guard count <= ChunkSize.standard, let memory = unsafe base else { return }
        let held = count
        let smaller = unsafe pool.take(.standard)
        // Safe because `held` <= standard and the two blocks are distinct.
        unsafe smaller.copyMemory(from: memory + head, byteCount: held)
        unsafe pool.give(memory, .large)
        unsafe base = smaller
        capacity = ChunkSize.standard
        head = 0
        tail = held
    }

    @inline(__always) mutating func release(to pool: inout ChunkPool) {
        if let memory = unsafe base {
            // Safe because `base` is cleared with it: the memory has one owner again, the pool.
            unsafe pool.give(memory, capacity == ChunkSize.standard ? .standard : .large)
            unsafe base = nil
            capacity = 0
            head = 0
            tail = 0
        }
    }

    @inline(__always) mutating func releaseIfEmpty(to pool: inout ChunkPool) {
        if head == tail { release(to: &pool) }
    }

    /// Moves the content to large memory: a head over 16 KiB, or a body that streams.
    @inline(never) mutating func enlarge(_ pool: inout ChunkPool) {
        guard capacity < ChunkSize.large else { return }
        let larger = unsafe pool.take(.large)
        let held = count
        if let memory = unsafe base {
            // Safe because `held` <= standard < large and the two blocks are distinct.
            unsafe larger.copyMemory(from: memory + head, byteCount: held)
            unsafe pool.give(memory, .standard)
        }
        unsafe base = larger
        capacity = ChunkSize.large
        head = 0
        tail = held
    }

    /// Moves the unread bytes to the front, so that all free space lies behind them.
    @inline(__always) mutating func compact() {
        if head == tail {
            head = 0
            tail = 0
        } else if head > 0, let memory = unsafe base {
            let held = count
            // Safe because both ranges lie inside the block; memmove permits the overlap.
            unsafe memmove(memory, memory + head, held)
            head = 0
            tail = held
        }
    }

    @inline(__always) mutating func consume(_ bytes: Int) {
        precondition(bytes >= 0 && bytes <= tail &- head)
        head &+= bytes
        if head == tail {
            head = 0
            tail = 0
        }
    }

    /// Consumes without ever resetting, so that `rewind` can bring back what was sent.
    @inline(__always) mutating func consumeKeeping(_ bytes: Int) {
        precondition(bytes >= 0 && bytes <= tail &- head)
        head &+= bytes
    }

    /// Goes back to an offset before `head`: what was consumed keeping since then is unread again.
    @inline(__always) mutating func rewind(to offset: Int = 0) {
        precondition(offset >= 0 && offset <= head)
        head = offset
    }

    /// The unread bytes.
    @inline(__always) var bytes: Span<UInt8> {
        @_lifetime(borrow self) get {
            // Safe because `[head, tail)` is initialised memory that lives as long as the borrow of self.
            let start = unsafe base.map { unsafe UnsafePointer(($0 + head).assumingMemoryBound(to: UInt8.self)) }
            let span = unsafe Span<UInt8>(
                _unsafeElements: UnsafeBufferPointer(start: start, count: tail &- head))
            return unsafe _overrideLifetime(span, borrowing: self)
        }
    }

    /// Lets `body` append up to `free` bytes.
    @inline(__always) mutating func append(with body: (inout OutputRawSpan) -> Void) {
        // Safe because the span covers exactly the free tail and its count is what was initialised.
        let space = unsafe UnsafeMutableRawBufferPointer(start: base.map { unsafe $0 + tail }, count: capacity &- tail)
        var output = unsafe OutputRawSpan(buffer: space, initializedCount: 0)
        body(&output)
        tail &+= unsafe output.finalize(for: space)
    }

    @inline(__always) mutating func append(_ span: Span<UInt8>) {
        precondition(span.count <= capacity &- tail)
        guard span.count > 0, let memory = unsafe base else { return }
        let target = unsafe memory + tail
        // Safe because the count was checked against the free space.
        unsafe span.withUnsafeBytes { source in
            if let start = source.baseAddress { unsafe target.copyMemory(from: start, byteCount: source.count) }
        }
        tail &+= span.count
    }

    @inline(__always) mutating func append(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        precondition(length <= capacity &- tail)
        guard let memory = unsafe base else { return }
        // Safe because the length was checked against the free space and static text is immutable.
        unsafe (memory + tail).copyMemory(from: text.utf8Start, byteCount: length)
        tail &+= length
    }

    @inline(__always) mutating func append(_ bytes: [UInt8]) { append(bytes.span) }

    // MARK: the socket edges: the only places where a pointer leaves this type

    /// Receives into the free space, which must not be empty.
    @inline(__always) mutating func receive(from socket: Int32) -> Transfer {
        guard let memory = unsafe base, tail < capacity else { return .wouldBlock }
        // Safe because the kernel writes at most the free count.
        let result = unsafe apus_recv(socket, memory + tail, UInt(bitPattern: capacity &- tail), 0)
        if result > 0 {
            precondition(result <= capacity &- tail)
            tail &+= result
            return .moved(result)
        }
        return result == 0 ? .ended : Transfer.failure(result)
    }

    /// Sends the first `limit` unread bytes without consuming them.
    @inline(__always) borrowing func send(to socket: Int32, limit: Int, more: Bool = false) -> Transfer {
        precondition(limit <= tail &- head)
        guard let memory = unsafe base else { return .moved(0) }
        // Safe because `limit` bytes behind `head` are initialised.
        let result = unsafe apus_send(
            socket, memory + head, UInt(bitPattern: limit), more ? Int32(truncatingIfNeeded: MSG_MORE) : 0)
        return result >= 0 ? .moved(result) : Transfer.failure(result)
    }

    /// Sends all of this chunk and then the first `limit` bytes of another in one message.
    @inline(__always) borrowing func send(to socket: Int32, then other: borrowing Chunk, limit: Int, more: Bool = false)
        -> Transfer
    {
        precondition(limit <= other.count)
        guard let first = unsafe base, let second = unsafe other.base else { return .moved(0) }
        // Safe because both ranges are initialised.
        let result = unsafe apus_send2(
            socket, first + head, UInt(bitPattern: count), second + other.head, UInt(bitPattern: limit),
            more ? Int32(truncatingIfNeeded: MSG_MORE) : 0)
        return result >= 0 ? .moved(result) : Transfer.failure(result)
    }
}

extension Transfer {
    /// What a negative result of a system call means.
    @inline(__always) static func failure(_ result: Int) -> Transfer {
        let code = Int32(truncatingIfNeeded: -result)
        return code == EAGAIN || code == EINTR ? .wouldBlock : .failed(code)
    }
}

extension Chunk {
    /// Removes `bytes` unread bytes that begin at an offset from the front; what is behind them moves up.
    @inline(never) mutating func removeMiddle(from offset: Int, _ bytes: Int) {
        precondition(offset >= 0 && bytes >= 0 && offset &+ bytes <= count)
        guard let memory = unsafe base else { return }
        let rest = count &- offset &- bytes
        // Safe because both ranges lie between head and tail; memmove permits the overlap.
        unsafe memmove(memory + head + offset, memory + head + offset + bytes, rest)
        tail &-= bytes
    }
}
