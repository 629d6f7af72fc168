import CLinux
import Glibc
import ProxyModel
import Synchronization
import Testing

@testable import DataPlane

/// Instances that refuse connections, seen by requests, with no health check to help.
@Suite struct EjectionTests {
    /// Their times of ejection end about together: a request that hits one must not be spent on the others.
    @Test func aRequestThatFailedIsNotSpentOnInstancesInDoubt() async throws {
        let alive = try BlockingSocket.listening()
        _ = WorkerThread.start { alive.answerAll() }
        let dead = try (0..<8).map { _ in try BlockingSocket.bound() }
        let unreachable = Mutex(0)
        let plane = try DataPlane(
            DataPlaneConfiguration(listen: [SocketAddress(parsing: "127.0.0.1:0")], workers: 1, seed: 1)
        ) { event in
            if case .backendUnreachable = event { unreachable.withLock { $0 += 1 } }
        }
        try plane.start()
        let session = SessionKey(number: 1)
        let routes = try ([alive] + dead).enumerated().map { number, socket in
            RouteDefinition(
                id: RouteID(number: UInt64(number + 1)), session: session, service: "web", instance: "web-\(number)",
                domains: [try DomainPattern(parsing: "*")], path: try RoutePath(parsing: "/"),
                backend: try BackendURL(parsing: "http://127.0.0.1:\(socket.port)"))
        }
        await plane.publish(
            RoutingDelta(upserts: routes, sessions: [SessionState(key: session, connected: true)]))
        let client = try BlockingSocket.connected(to: plane.boundAddresses[0].port)
        // Until each has refused once; some of these requests meet three that nobody knows yet.
        while unreachable.withLock(\.self) < dead.count { _ = client.get() }
        // From here on all are known. Each is asked again when its time of ejection is over.
        let before = await plane.totals().retries
        var statuses: Set<String> = []
        while await plane.totals().retries < before + 4 { statuses.insert(client.get()) }
        #expect(statuses == ["200"])
        client.close()
        await plane.shutdown(timeout: .seconds(1))
        alive.close()
        for socket in dead { socket.close() }
    }
}

/// A socket whose calls wait; enough for one request after another.
private struct BlockingSocket: Sendable {
    struct Failure: Error { var code: Int32 }

    let descriptor: Int32
    let port: UInt16

    /// Has a port that refuses connections.
    static func bound() throws -> BlockingSocket {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port: 0)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw Failure(code: errno) }
        return BlockingSocket(descriptor: descriptor, port: UInt16(truncatingIfNeeded: apus_bound_port(descriptor)))
    }

    static func listening() throws -> BlockingSocket {
        let socket = try bound()
        guard listen(socket.descriptor, 64) == 0 else { throw Failure(code: errno) }
        return socket
    }

    static func connected(to port: UInt16) throws -> BlockingSocket {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = loopback(port: port)
        let code = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw Failure(code: errno) }
        return BlockingSocket(descriptor: descriptor, port: port)
    }

    private static func loopback(port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    /// Answers every request on every connection, one connection per thread, until the listener is closed.
    func answerAll() {
        while true {
            let connection = accept(descriptor, nil, nil)
            if connection < 0 { return }
            let one = BlockingSocket(descriptor: connection, port: port)
            _ = WorkerThread.start {
                while !one.readHead().isEmpty { one.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") }
                one.close()
            }
        }
    }

    /// The status of one request; empty when the connection ended.
    func get() -> String {
        write("GET / HTTP/1.1\r\nHost: a.example\r\nAccept: application/json\r\n\r\n")
        let head = readHead()
        var rest = contentLength(of: head)
        while rest > 0, let bytes = read(atMost: rest) { rest -= bytes.count }
        return String(head.dropFirst(9).prefix(3))
    }

    private func contentLength(of head: String) -> Int {
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        return line.flatMap { Int($0.dropFirst(15).filter { $0 != " " }) } ?? 0
    }

    /// Up to the empty line, read byte by byte so that nothing behind it is lost.
    private func readHead() -> String {
        var head: [UInt8] = []
        while head.suffix(4) != [13, 10, 13, 10], let byte = read(atMost: 1) { head += byte }
        return String(decoding: head, as: UTF8.self)
    }

    private func read(atMost count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let received = unsafe recv(descriptor, &bytes, count, 0)
        return received > 0 ? Array(bytes.prefix(received)) : nil
    }

    private func write(_ text: String) {
        let bytes = Array(text.utf8)
        _ = unsafe send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    func close() {
        _ = shutdown(descriptor, Int32(SHUT_RDWR))
        _ = Glibc.close(descriptor)
    }
}
