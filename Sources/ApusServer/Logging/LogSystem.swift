import HealthChecks
import Logging
import ProxyConfiguration
import ProxyModel

/// Where the lines of all parts of the proxy go.
public struct LogSystem: Sendable {
    private let settings: ProxyConfiguration.LogSettings
    private let writer: LogWriter

    /// Lines of these settings, by this writer.
    public init(_ settings: ProxyConfiguration.LogSettings, writer: LogWriter) {
        self.settings = settings
        self.writer = writer
    }

    /// A logger for the part of the proxy that `label` names.
    public func logger(_ label: String) -> Logger {
        Logger(label: label) {
            LineLogHandler(label: $0, settings: settings, writer: writer, wall: { SystemClock.moment.wall })
        }
    }

    /// Returns when everything logged so far is written.
    public func flush() {
        writer.flush()
    }
}
