import ProxyModel

/// What a transaction id may be.
public enum TransactionID {
    /// The most characters.
    public static let maximumLength = 64

    /// Whether the text can be a transaction id: 1–64 of `A–Z a–z 0–9 - _ . :`, and not the word `compressed`.
    public static func isValid(_ text: String) -> Bool {
        (1...maximumLength).contains(text.utf8.count) && text != compressedWord
            && text.utf8.allSatisfy { $0.isASCIILetter || $0.isASCIIDigit || "-_.:".utf8.contains($0) }
    }
}

/// The optional last field that asks for a compressed reply.
let compressedWord = "compressed"
