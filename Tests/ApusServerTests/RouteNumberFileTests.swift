import Foundation
import Logging
import ProxyConfiguration
import Testing

@testable import ApusServer
@testable import RegistryServer

@Suite struct RouteNumberFileTests {
    private func numbers(_ directory: String) throws -> RouteNumbers {
        let configuration = try ProxyConfiguration(
            flags: [.stateDirectory: [directory]], environment: [:], cores: 1)
        return try RouteNumberFile.numbers(configuration, logger: Logger(label: "test"))
    }

    private func temporaryDirectory() throws -> URL {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("apus-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        return directory
    }

    @Test func blocksFollowOnEachOtherAndARestartBeginsBehindThem() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }  // Best effort: it is temporary.
        let before = try numbers(directory.path)
        #expect(before.nextBlock() == 1..<10_001)
        #expect(before.nextBlock() == 10_001..<20_001)
        let after = try numbers(directory.path)
        #expect(after.nextBlock() == 20_001..<30_001)
    }

    @Test func proxiesThatShareADirectoryNeverShareANumber() throws {
        let directory = try temporaryDirectory()
        defer { try? FileManager.default.removeItem(at: directory) }  // Best effort: it is temporary.
        let one = try numbers(directory.path)
        let other = try numbers(directory.path)
        let blocks = [one.nextBlock(), other.nextBlock(), one.nextBlock(), other.nextBlock()]
        #expect(Set(blocks.map(\.lowerBound)).count == 4)
    }

    @Test func aDirectoryThatWasAskedForMustBeThere() {
        let error = #expect(throws: StartError.self) { try numbers("/nowhere/at/all") }
        #expect(error?.description.contains("/nowhere/at/all/next-route-number") == true)
        #expect(error?.description.contains("--state-directory") == true)
    }

    @Test func nothingIsRememberedWithoutADirectory() throws {
        #expect(try numbers("none").nextBlock().lowerBound == 1)
    }
}
