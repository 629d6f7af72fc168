import ProxyModel

/// How the text of a setting becomes a value, and where in the configuration the value belongs.
enum SettingRule: Sendable {
    typealias Path<Value> = any WritableKeyPath<ProxyConfiguration, Value> & Sendable

    case addresses(Path<[SocketAddress]>)
    case networks(Path<[CIDR]>)
    case duration(Path<Duration>, allowZero: Bool = false)
    case count(Path<Int>, ClosedRange<Int>)
    case countOrNone(Path<Int?>, ClosedRange<Int>, none: String)
    case size(Path<Int>, ClosedRange<Int>)
    case sizeOrNone(Path<Int?>, ClosedRange<Int>)
    case pathOrNone(Path<String?>)
    case workers
    case ownership
    case logLevel
    case logFormat

    /// Whether several values make one setting.
    var isList: Bool {
        switch self {
        case .addresses, .networks: true
        case .duration, .count, .countOrNone, .size, .sizeOrNone, .pathOrNone, .workers, .ownership, .logLevel,
            .logFormat:
            false
        }
    }

    /// Puts the value of `texts` (one, but for lists) where it belongs.
    func apply(
        _ texts: [String], to configuration: inout ProxyConfiguration, cores: Int
    ) throws(ValueError) {
        let text = texts.last ?? ""
        switch self {
        case .addresses(let path):
            configuration[keyPath: path] = try ValueText.addresses(texts)
        case .networks(let path):
            configuration[keyPath: path] = try ValueText.networks(texts)
        case .duration(let path, let allowZero):
            configuration[keyPath: path] = try ValueText.duration(text, allowZero: allowZero)
        case .count(let path, let range):
            configuration[keyPath: path] = try ValueText.count(text, in: range)
        case .countOrNone(let path, let range, let none):
            configuration[keyPath: path] = try text == none ? nil : ValueText.count(text, in: range, or: none)
        case .size(let path, let range):
            configuration[keyPath: path] = try ValueText.size(text, in: range)
        case .sizeOrNone(let path, let range):
            configuration[keyPath: path] = try text == "none" ? nil : ValueText.size(text, in: range, or: "none")
        case .pathOrNone(let path):
            guard text == "none" || text.hasPrefix("/") else {
                throw ValueError("\(PlainText.quoted(text)) is no absolute path such as /var/lib/apus, nor none")
            }
            configuration[keyPath: path] = text == "none" ? nil : text
        case .workers:
            configuration.workers =
                try text == "cores" ? max(1, min(cores, 256)) : ValueText.count(text, in: 1...256, or: "cores")
        case .ownership:
            configuration.registry.ownership = try ValueText.choice(text)
        case .logLevel:
            configuration.log.level = try ValueText.choice(text)
        case .logFormat:
            configuration.log.format = try ValueText.choice(text)
        }
    }
}
