import Foundation
import HTTPWire
import Testing

@Suite("h2o's HTTP/1 corpus", .enabled(if: H2oCorpus.exists, "the corpora are not beside the repository"))
struct H2oCorpusTests {
    @Test func everyInputHasADefinedEndInAnyPieces() throws {
        let inputs = try H2oCorpus.inputs()
        #expect(inputs.count > 1900)
        var random = SplitMix64(seed: 3)
        var refused = 0
        for input in inputs {
            for side in [Conversation.Side.requests, .responses(to: .get)] {
                let whole = ConversationOutcome(side, input)
                var pieces: [ArraySlice<UInt8>] = []
                var rest = input[...]
                while !rest.isEmpty {
                    let piece = rest.prefix(Int.random(in: 1...200, using: &random))
                    pieces.append(piece)
                    rest = rest.dropFirst(piece.count)
                }
                let inPieces = ConversationOutcome(side, pieces: pieces, reading: .scan)
                if inPieces != whole { Issue.record("\(inPieces) instead of \(whole)") }
                if side == .requests && (whole.failure != nil || whole.hasBytesAfterEnd) { refused += 1 }
            }
        }
        // These were found by breaking things: if nearly none were refused, something would be wrong with the replay.
        #expect(refused > inputs.count / 2)
    }
}

enum H2oCorpus {
    static let archive = corpora.appending(path: "h2o/http1-corpus.tar.gz")
    static var exists: Bool { FileManager.default.fileExists(atPath: archive.path) }

    /// All inputs, unpacked by tar into a folder that is removed again.
    static func inputs() throws -> [[UInt8]] {
        let folder = FileManager.default.temporaryDirectory.appending(path: "apus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let tar = Process()
        tar.executableURL = URL(filePath: "/usr/bin/tar")
        tar.arguments = ["-xzf", archive.path, "-C", folder.path]
        try tar.run()
        tar.waitUntilExit()
        try #require(tar.terminationStatus == 0)
        let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return try files.sorted().compactMap { file in
            let url = folder.appending(path: file)
            guard try url.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile == true else { return nil }
            return [UInt8](try Data(contentsOf: url))
        }
    }
}
