import Logging
import ProxyConfiguration
import ProxyModel

/// Writes each log event as one line: `[registry] Service registered: …`, or one JSON object.
///
/// A text line names the level only where it is not the ordinary one; whoever collects the lines adds the time. Control
/// characters, which could forge lines or steer a terminal, are escaped.
public struct LineLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let format: ProxyConfiguration.LogSettings.Format
    private let writer: LogWriter
    private let wall: @Sendable () -> WallTime

    /// A handler for the part of the proxy that `label` names.
    public init(
        label: String, settings: ProxyConfiguration.LogSettings, writer: LogWriter,
        wall: @escaping @Sendable () -> WallTime
    ) {
        self.label = label
        self.writer = writer
        self.wall = wall
        format = settings.format
        logLevel = Logger.Level(settings.level)
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        let pairs = metadata.merging(event.metadata ?? [:]) { $1 }.map { ($0, "\($1)") }.sorted { $0.0 < $1.0 }
        let message = event.message.description
        switch format {
        case .text: writer.write(Self.text(label: label, level: event.level, message: message, metadata: pairs))
        case .json:
            writer.write(
                Self.json(label: label, level: event.level, message: message, metadata: pairs, time: wall()))
        }
    }

    static func text(
        label: String, level: Logger.Level, message: String, metadata: [(String, String)]
    ) -> String {
        var line = "[\(label)] "
        switch level {
        case .info, .notice: break
        case .trace, .debug, .warning, .error, .critical: line += "\(level.rawValue): "
        }
        line += LogText.escaped(message)
        for (name, value) in metadata { line += " \(LogText.escaped(name))=\(LogText.escaped(value))" }
        return line
    }

    static func json(
        label: String, level: Logger.Level, message: String, metadata: [(String, String)], time: WallTime
    ) -> String {
        var members = [
            ("time", time.rfc3339), ("level", level.rawValue), ("label", label), ("message", message),
        ]
        members += metadata
        let text = members.map { "\(LogText.jsonString($0)):\(LogText.jsonString($1))" }
        return "{\(text.joined(separator: ","))}"
    }
}

extension Logger.Level {
    /// The level of the settings.
    init(_ level: ProxyConfiguration.LogSettings.Level) {
        self =
            switch level {
            case .trace: .trace
            case .debug: .debug
            case .info: .info
            case .notice: .notice
            case .warning: .warning
            case .error: .error
            case .critical: .critical
            }
    }
}
