import Foundation
import HTTPWire
import Testing

/// The folder with inputs that others have collected, where there is one.
let corpora = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../shared/corpora")
    .standardized

/// One annotated message of llhttp's tests.
struct LlhttpCase: CustomTestStringConvertible {
    /// File and title, which together are unique.
    var name: String
    /// `request`, `response-lenient-headers` …; `url` for a target alone.
    var type: String
    var skipsBody: Bool
    var input: [UInt8]
    /// The error that llhttp ends with; pauses are none.
    var expectedError: String?
    /// Heads and bytes of payload that llhttp has seen, where it ended without an error.
    var expectedHeads = 0
    var expectedPayload = 0

    var testDescription: String { name }

    var isRequest: Bool { !type.hasPrefix("response") }
    var isLenient: Bool { type.contains("lenient") }

    /// All cases, or none where the folder is not there.
    static let all: [LlhttpCase] = {
        let folder = corpora.appending(path: "llhttp/test")
        let files = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        return files.filter { $0.hasSuffix(".md") }.sorted().flatMap { file in
            guard let text = try? String(contentsOf: folder.appending(path: file), encoding: .utf8) else {
                return [] as [LlhttpCase]
            }
            return cases(in: text, file: String(file.dropLast(3)))
        }
    }()

    private static func cases(in text: String, file: String) -> [LlhttpCase] {
        var cases: [LlhttpCase] = []
        var titles: [String] = []
        var seen: [String: Int] = [:]
        var type = ""
        var skipsBody = false
        var block: [String]?
        var fence = ""
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if let lines = block {
                if line != "```" {
                    block = lines + [line]
                    continue
                }
                block = nil
                if fence == "log" {
                    cases[cases.count - 1].expectedError = error(in: lines)
                    cases[cases.count - 1].expectedHeads = lines.count { $0.contains(" headers complete ") }
                    cases[cases.count - 1].expectedPayload = lines.reduce(0) { $0 + payload(in: $1) }
                } else {
                    var name = "\(file): \(titles.joined(separator: " / "))"
                    seen[name, default: 0] += 1
                    if seen[name]! > 1 { name += " (\(seen[name]!))" }
                    cases.append(
                        LlhttpCase(
                            name: name, type: fence == "url" ? "url" : type, skipsBody: skipsBody,
                            input: unescaped(lines, isMessage: fence == "http")))
                }
            } else if line.hasPrefix("```") {
                fence = String(line.dropFirst(3))
                block = []
            } else if line.hasPrefix("#") {
                let level = line.prefix { $0 == "#" }.count
                titles = titles.prefix(max(level - 2, 0)) + [line.dropFirst(level).trimmingCharacters(in: .whitespaces)]
            } else if line.hasPrefix("<!-- meta=") {
                type = line.firstMatch(of: /"type": *"([a-z-]+)"/).map { String($0.1) } ?? ""
                skipsBody = line.contains("\"skipBody\": true")
            }
        }
        return cases
    }

    /// The last error that is no pause.
    private static func error(in log: [String]) -> String? {
        for line in log {
            guard let match = line.firstMatch(of: /error code=(\d+) reason="(.*)"/) else { continue }
            // 21: paused by the test; 22 and 23: the parser leaves the rest to another protocol.
            if ["21", "22", "23"].contains(match.1) { continue }
            return String(match.2)
        }
        return nil
    }

    private static func payload(in line: String) -> Int {
        line.firstMatch(of: /len=(\d+) span\[body\]/).flatMap { Int($0.1) } ?? 0
    }

    /// The bytes that a block stands for: its line ends are CRLF, escapes stand for bytes, and a backslash at the end
    /// of a line joins it with the next.
    private static func unescaped(_ lines: [String], isMessage: Bool) -> [UInt8] {
        var text = lines.joined(separator: "\n").replacing("\\\n", with: "")
        if isMessage { text = text.replacing("\n", with: "\r\n") }
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let kind = rest.first else {
                bytes.append(byte)
                continue
            }
            rest.removeFirst()
            switch kind {
            case UInt8(ascii: "r"): bytes.append(13)
            case UInt8(ascii: "n"): bytes.append(10)
            case UInt8(ascii: "t"): bytes.append(9)
            case UInt8(ascii: "f"): bytes.append(12)
            case UInt8(ascii: "x"):
                let digits = String(decoding: rest.prefix(2), as: UTF8.self)
                rest.removeFirst(2)
                bytes.append(UInt8(digits, radix: 16) ?? 0)
            default: bytes += [byte, kind]
            }
        }
        return bytes
    }
}
