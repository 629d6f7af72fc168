/// Why the proxy did not start: one line that says what to do about it.
public struct StartError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The line.
    public let description: String

    init(_ error: any Error, flag: String) {
        var text = "\(error) (see \(flag))"
        if text.contains("CAP_NET_BIND_SERVICE") {
            text =
                "\(error); grant it with `setcap cap_net_bind_service=+ep \(Self.program)`, "
                + "or choose a port above 1023 (\(flag) :\(flag == "--http" ? 8080 : 8081))"
        }
        description = text
    }

    private static var program: String { CommandLine.arguments.first ?? "apus" }
}
