import ProxyModel

/// Texts of settings that are not already values of the model. Every error says what was given and what is allowed.
enum ValueText {
    /// A whole number within `range`; `word` is mentioned as the other thing that is allowed.
    static func count(_ text: String, in range: ClosedRange<Int>, or word: String? = nil) throws(ValueError) -> Int {
        guard let count = Int(text), range.contains(count), !text.hasPrefix("+") else {
            throw .invalid(
                "value", text,
                expected: "a whole number from \(range.lowerBound) to \(range.upperBound)\(alternative(word))")
        }
        return count
    }

    /// A number of bytes: `500`, `64KiB`, `10MiB`, `1GiB` (1024 each), `64KB`, `10MB`, `1GB` (1000 each).
    static func size(_ text: String, in range: ClosedRange<Int>, or word: String? = nil) throws(ValueError) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit: Int? =
            switch text.dropFirst(digits.count).lowercased() {
            case "", "b": 1
            case "k", "kib": 1 << 10
            case "m", "mib": 1 << 20
            case "g", "gib": 1 << 30
            case "t", "tib": 1 << 40
            case "kb": 1_000
            case "mb": 1_000_000
            case "gb": 1_000_000_000
            default: nil
            }
        guard let number = Int(digits), let unit else {
            throw .invalid("value", text, expected: "a size such as 500, 64KiB or 10MiB\(alternative(word))")
        }
        let (size, overflow) = number.multipliedReportingOverflow(by: unit)
        guard !overflow, range.contains(size) else {
            throw .invalid(
                "value", text,
                expected: "a size from \(format(range.lowerBound)) to \(format(range.upperBound))\(alternative(word))")
        }
        return size
    }

    /// A duration of at most a week, without naming a field: the setting's own name stands before the message.
    static func duration(_ text: String, allowZero: Bool) throws(ValueError) -> Duration {
        try DurationText.parse(text, field: "value", allowZero: allowZero, maximum: .seconds(7 * 86400))
    }

    /// One of the words of `Choice`.
    static func choice<Choice: RawRepresentable & CaseIterable>(_ text: String) throws(ValueError) -> Choice
    where Choice.RawValue == String {
        guard let choice = Choice(rawValue: text.lowercased()) else {
            let words = Choice.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("value", text, expected: "one of \(words)")
        }
        return choice
    }

    /// Addresses to listen at, at least one.
    static func addresses(_ texts: [String]) throws(ValueError) -> [SocketAddress] {
        var addresses: [SocketAddress] = []
        for text in texts {
            let address = try SocketAddress(parsing: text)
            guard !addresses.contains(address) || address.port == 0 else {
                throw ValueError("\(address) is given twice")
            }
            addresses.append(address)
        }
        guard !addresses.isEmpty else { throw ValueError("needs an address such as :8080") }
        return addresses
    }

    /// Networks; the words `none`, `all`, `private` and `metadata` stand for lists of them.
    static func networks(_ texts: [String]) throws(ValueError) -> [CIDR] {
        var networks: [CIDR] = []
        for text in texts {
            switch text {
            case "none": continue
            case "all": try networks += fixed(["0.0.0.0/0", "::/0"])
            case "private": networks += CIDR.privateNetworks
            case "metadata": try networks += fixed(["169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128"])
            default: try networks.append(CIDR(parsing: text))
            }
        }
        return networks
    }

    private static func fixed(_ texts: [String]) throws(ValueError) -> [CIDR] {
        var networks: [CIDR] = []
        for text in texts { try networks.append(CIDR(parsing: text)) }
        return networks
    }

    private static func alternative(_ word: String?) -> String { word.map { ", or \($0)" } ?? "" }

    private static func format(_ size: Int) -> String {
        for (unit, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)]
        where size >= 1 << shift && size % (1 << shift) == 0 {
            return "\(size >> shift)\(unit)"
        }
        return "\(size)"
    }
}
