import CLinux
import Glibc

/// What a readiness event concerns. Together with an index and a generation it is the 64-bit tag of an epoll entry.
enum Subject: UInt64 {
    case listener = 0
    case downstream = 1
    case upstream = 2
    case mailbox = 3
}

/// The tag of an epoll registration: generation(32) | subject(4) | index(28). An event whose generation is not that of
/// the element any more is stale (its socket was closed in the same batch) and is dropped.
struct EventTag {
    /// Elements of one kind that a worker can name.
    static let indexLimit = 1 << 28

    let raw: UInt64

    @inline(__always) init(raw: UInt64) { self.raw = raw }
    @inline(__always) init(_ subject: Subject, index: Int32, generation: UInt32) {
        raw = UInt64(generation) << 32 | subject.rawValue << 28 | UInt64(UInt32(bitPattern: index))
    }

    @inline(__always) var index: Int32 { Int32(truncatingIfNeeded: raw & 0x0fff_ffff) }
    @inline(__always) var subject: UInt64 { (raw &>> 28) & 0xf }
    @inline(__always) var generation: UInt32 { UInt32(truncatingIfNeeded: raw &>> 32) }
}

/// What epoll says of one socket.
struct Readiness {
    let flags: UInt32

    /// Something can be read, an end or an error included.
    @inline(__always) var isReadable: Bool {
        flags & (apus_epollin | apus_epollrdhup | apus_epollhup | apus_epollerr) != 0
    }
    @inline(__always) var isWritable: Bool { flags & (apus_epollout | apus_epollhup | apus_epollerr) != 0 }
    /// The peer has ended its sending direction (or the whole connection).
    @inline(__always) var peerHasEnded: Bool { flags & (apus_epollrdhup | apus_epollhup | apus_epollerr) != 0 }
    /// Both directions are over: reset, or closed on both sides.
    @inline(__always) var isBroken: Bool { flags & (apus_epollhup | apus_epollerr) != 0 }
}

/// One epoll instance with its event array.
@safe struct Poller: ~Copyable {
    static let batch = 512

    private let descriptor: Int32
    // The default value keeps 6.3.1 from releasing uninitialised memory in `init` (see DESIGN, facts).
    private var events: [epoll_event] = unsafe []

    init() throws(DataPlaneError) {
        descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw DataPlaneError.system(operation: "epoll_create1", code: errno) }
        unsafe events = [epoll_event](repeating: epoll_event(), count: Self.batch)
    }

    deinit { _ = apus_close(descriptor) }

    /// Edge-triggered both ways, with the peer's half-close.
    @inline(__always) func addConnection(_ socket: Int32, _ tag: EventTag) -> Bool {
        apus_epoll_add(
            descriptor, socket, apus_epollin | apus_epollout | apus_epollrdhup | apus_epollet, tag.raw) == 0
    }

    /// Level-triggered for reading: listeners and the mailbox.
    func addSource(_ socket: Int32, _ tag: EventTag) -> Bool {
        apus_epoll_add(descriptor, socket, apus_epollin, tag.raw) == 0
    }

    /// Ends the watch over a source.
    func removeSource(_ socket: Int32) { _ = apus_epoll_remove(descriptor, socket) }

    /// Waits for at most the given milliseconds (-1: for ever) and returns the number of events.
    @inline(__always) mutating func wait(milliseconds: Int32) -> Int {
        // Safe because the kernel writes at most `count` events into an array of that size.
        let count = unsafe events.withUnsafeMutableBufferPointer {
            unsafe apus_epoll_wait(descriptor, $0.baseAddress, Int32($0.count), milliseconds)
        }
        return max(0, count)
    }

    @inline(__always) func event(_ index: Int) -> (tag: EventTag, readiness: Readiness) {
        // Safe because the kernel filled the element; every bit pattern of the union is a valid UInt64.
        unsafe (EventTag(raw: events[index].data.u64), Readiness(flags: events[index].events))
    }
}
