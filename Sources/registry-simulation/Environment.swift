#if canImport(Glibc)
    import Glibc
#endif

/// The environment of the process.
enum Environment {
    /// A variable's value as a number; `nil` where it is not set or is none.
    static func number(_ name: String) -> Int? {
        // Safe because nothing in this program changes the environment: the text stays where it is.
        guard let text = unsafe getenv(name) else { return nil }
        return Int(unsafe String(cString: text))
    }

    /// Says what is wrong and ends the program with status 1.
    static func fail(_ message: String) -> Never {
        print("FAILED: \(message)")
        exit(1)
    }
}
