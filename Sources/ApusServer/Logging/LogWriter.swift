import Dispatch
import Glibc
import Synchronization

/// Writes log lines to a file descriptor without making anybody wait for it.
///
/// Lines are collected in memory and written by a queue of its own, several with one system call. Where the reader of
/// the other end falls behind by more than ``limit``, lines are dropped and counted.
public final class LogWriter: Sendable {
    /// Bytes that may wait to be written.
    public static let limit = 4 << 20

    private struct State {
        var waiting: [UInt8] = []
        var dropped = 0
        var isWriting = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "apus.log")
    private let descriptor: Int32

    /// A writer to this descriptor, which it does not close.
    public init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes a line soon; the line end is added here. Never blocks for I/O.
    public func write(_ line: String) {
        let startsWriting = state.withLock { state in
            guard state.waiting.count + line.utf8.count < Self.limit else {
                state.dropped += 1
                return false
            }
            state.waiting.append(contentsOf: line.utf8)
            state.waiting.append(UInt8(ascii: "\n"))
            defer { state.isWriting = true }
            return !state.isWriting
        }
        if startsWriting { queue.async { self.drain() } }
    }

    /// Returns when everything written so far is out.
    public func flush() {
        queue.sync { self.drain() }
    }

    private func drain() {
        while true {
            let bytes: [UInt8] = state.withLock { state in
                if state.dropped > 0 {
                    state.waiting.append(contentsOf: "[apus] warning: \(state.dropped) log lines dropped\n".utf8)
                    state.dropped = 0
                }
                defer { state.waiting = [] }
                state.isWriting = !state.waiting.isEmpty
                return state.waiting
            }
            guard !bytes.isEmpty else { return }
            writeAll(bytes)
        }
    }

    private func writeAll(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            // Safe because the pointer is used only during the call, within the buffer's bounds.
            let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                rest = rest.dropFirst(written)
            } else if errno == EAGAIN {
                var poll = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                // Safe because the one structure outlives the call.
                unsafe Glibc.poll(&poll, 1, 1000)
            } else if errno != EINTR {
                return  // Nobody reads any more.
            }
        }
    }
}
