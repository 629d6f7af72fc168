import Glibc
import Testing

@testable import DataPlane

@Suite struct ChunkTests {
    private func text(_ chunk: borrowing Chunk) -> String {
        let bytes = chunk.bytes
        return String(decoding: (0..<bytes.count).map { bytes[$0] }, as: UTF8.self)
    }

    @Test func appendsAndConsumesInOrder() {
        var pool = ChunkPool()
        var chunk = Chunk()
        chunk.attach(from: &pool)
        chunk.append("hello, ")
        chunk.append(Array("world".utf8))
        #expect(text(chunk) == "hello, world")
        chunk.consume(7)
        #expect(text(chunk) == "world")
        chunk.consume(5)
        #expect(chunk.isEmpty == true && chunk.free == ChunkSize.standard)
        chunk.release(to: &pool)
    }

    @Test func replaysWhatWasConsumedKeeping() {
        var pool = ChunkPool()
        var chunk = Chunk()
        chunk.attach(from: &pool)
        chunk.append("GET / HTTP/1.1")
        chunk.consumeKeeping(14)
        #expect(chunk.isEmpty == true)
        chunk.rewind(to: 4)
        #expect(text(chunk) == "/ HTTP/1.1")
        chunk.rewind()
        #expect(text(chunk) == "GET / HTTP/1.1")
        chunk.release(to: &pool)
    }

    @Test func compactionMovesTheRestToTheFront() {
        var pool = ChunkPool()
        var chunk = Chunk()
        chunk.attach(from: &pool)
        chunk.append(Array(repeating: UInt8(ascii: "a"), count: ChunkSize.standard - 3))
        chunk.append("xyz")
        #expect(chunk.free == 0)
        chunk.consume(ChunkSize.standard - 3)
        chunk.compact()
        #expect(text(chunk) == "xyz" && chunk.free == ChunkSize.standard - 3)
        chunk.release(to: &pool)
    }

    @Test func enlargingAndSettlingKeepTheContent() {
        var pool = ChunkPool()
        var chunk = Chunk()
        chunk.attach(from: &pool)
        chunk.append("dropped kept")
        chunk.consume(8)
        chunk.enlarge(&pool)
        #expect(text(chunk) == "kept" && chunk.capacity == ChunkSize.large)
        chunk.settle(&pool)
        #expect(text(chunk) == "kept" && chunk.capacity == ChunkSize.standard)
        chunk.consume(4)
        chunk.settle(&pool)
        #expect(chunk.isAttached == false)
    }

    @Test func aRestThatNeedsLargeMemoryStaysInIt() {
        var pool = ChunkPool()
        var chunk = Chunk()
        chunk.attachRoomy(from: &pool)
        chunk.append(Array(repeating: UInt8(ascii: "b"), count: ChunkSize.standard + 1))
        chunk.settle(&pool)
        #expect(chunk.capacity == ChunkSize.large && chunk.count == ChunkSize.standard + 1)
        chunk.release(to: &pool)
    }

    @Test func largeMemoryIsLentOnlyUpToItsBound() {
        var pool = ChunkPool()
        var lent: [UnsafeMutableRawPointer] = unsafe []
        for _ in 0..<ChunkPool.lentLargeLimit { unsafe lent.append(pool.take(.large)) }
        #expect(pool.mayLendLarge == false)
        var chunk = Chunk()
        chunk.attachRoomy(from: &pool)
        #expect(chunk.capacity == ChunkSize.standard)
        chunk.release(to: &pool)
        while let memory = unsafe lent.popLast() { unsafe pool.give(memory, .large) }
        #expect(pool.mayLendLarge == true)
    }

    @Test func removesBytesFromTheMiddle() {
        var pool = ChunkPool()
        var chunk = Chunk()
        chunk.attach(from: &pool)
        chunk.append("..0\r\nX-A: 1\r\n\r\nnext")
        chunk.consume(2)
        chunk.removeMiddle(from: 3, 8)
        #expect(text(chunk) == "0\r\n\r\nnext")
        chunk.release(to: &pool)
    }

    @Test func moveBytesThroughSocketsAndTellTheirEnds() throws {
        var ends: [Int32] = [-1, -1]
        try #require(unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
        var pool = ChunkPool()
        var out = Chunk()
        var more = Chunk()
        var input = Chunk()
        out.attach(from: &pool)
        more.attach(from: &pool)
        input.attach(from: &pool)
        out.append("head ")
        more.append("body and rest")
        guard case .moved(9) = out.send(to: ends[0], then: more, limit: 4) else { throw Unexpected() }
        guard case .moved(9) = input.receive(from: ends[1]) else { throw Unexpected() }
        #expect(text(input) == "head body")
        guard case .wouldBlock = input.receive(from: ends[1]) else { throw Unexpected() }
        close(ends[0])
        guard case .ended = input.receive(from: ends[1]) else { throw Unexpected() }
        guard case .failed(EPIPE) = out.send(to: ends[1], limit: 5) else { throw Unexpected() }
        close(ends[1])
        out.release(to: &pool)
        more.release(to: &pool)
        input.release(to: &pool)
    }
}

struct Unexpected: Error {}
