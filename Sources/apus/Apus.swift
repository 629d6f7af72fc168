import ApusServer
import ArgumentParser
import Glibc

/// The program: its subcommands, and how it ends.
@main
struct Apus: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apus",
        abstract: "A reverse proxy whose routes are registered at run time by the services themselves.",
        discussion: """
            Services open a TCP connection to the registry port, say what they serve in lines of text, and traffic \
            flows as soon as their CONFIG_APPLY is answered.

            Exit status: 0 after a stop by SIGTERM or SIGINT; 1 where something failed at run time, such as a port in \
            use; 2 where the command line or the environment is wrong.
            """,
        version: "apus \(ApusVersion.current)",
        subcommands: [Serve.self])

    /// Runs the subcommand; every failure is one line on standard error and an exit status that tells its kind.
    static func main() {
        do {
            var command = try parseAsRoot()
            try command.run()
        } catch let failure as Failure {
            fail(failure.message, status: failure.status)
        } catch {
            guard exitCode(for: error) != .success else { exit(withError: error) }  // --help and --version
            fail("\(message(for: error)) (see apus --help)", status: 2)
        }
    }

    private static func fail(_ message: String, status: Int32) -> Never {
        let line = "apus: " + message.split(whereSeparator: \.isNewline).joined(separator: " ") + "\n"
        // Safe because the pointer is used only during the call, within the text's bounds.
        unsafe line.utf8CString.withUnsafeBytes { _ = unsafe write(2, $0.baseAddress, $0.count - 1) }
        Glibc.exit(status)
    }
}

/// The end of the program with a line for whoever started it.
struct Failure: Error {
    /// 1 for what failed at run time, 2 for what was asked for wrongly.
    let status: Int32
    /// The line, without the program's name.
    let message: String
}
