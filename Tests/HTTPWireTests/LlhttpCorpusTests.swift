import HTTPWire
import Testing

@Suite("llhttp's cases", .enabled(if: !LlhttpCase.all.isEmpty, "the corpora are not beside the repository"))
struct LlhttpCorpusTests {
    private static let exceptions = Set(llhttpExceptions.flatMap(\.names))

    @Test func thereAreAllCases() {
        #expect(LlhttpCase.all.count == 272)
        #expect(Set(LlhttpCase.all.map(\.name)).count == LlhttpCase.all.count)
        #expect(Self.exceptions.isSubset(of: LlhttpCase.all.map(\.name)))
        #expect(Self.exceptions.count == llhttpExceptions.reduce(0) { $0 + $1.names.count })
    }

    @Test(arguments: LlhttpCase.all)
    func aVerdictIsTheSameOrListed(_ item: LlhttpCase) {
        let verdict = LlhttpVerdict(item)
        let isRefused = verdict.outcome.failure != nil || verdict.outcome.hasBytesAfterEnd
        let differs = isRefused != (item.expectedError != nil)
        #expect(differs == Self.exceptions.contains(item.name), "\(String(describing: verdict.outcome))")
        if !differs && !isRefused && item.type != "url" && !(item.isRequest && item.skipsBody) {
            #expect(verdict.outcome.heads == item.expectedHeads)
            #expect(verdict.outcome.payload == item.expectedPayload)
        }
    }

    @Test(arguments: LlhttpCase.all)
    func piecesMakeNoDifference(_ item: LlhttpCase) {
        let verdict = LlhttpVerdict(item)
        for reading in [Conversation.Reading.scan, .decode] {
            let whole = ConversationOutcome(verdict.side, verdict.input, reading: reading)
            let singly = ConversationOutcome(verdict.side, pieces: verdict.input.singly, reading: reading)
            #expect(singly == whole)
            for split in verdict.input.indices.dropFirst() {
                let pieces = [verdict.input[..<split], verdict.input[split...]]
                let outcome = ConversationOutcome(verdict.side, pieces: pieces, reading: reading)
                if outcome != whole { Issue.record("split at \(split): \(outcome) instead of \(whole)") }
            }
        }
    }
}
