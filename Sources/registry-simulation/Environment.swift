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

    /// The program's resident memory.
    static var residentBytes: Int {
        // Safe because the stream is opened, read and closed here alone.
        guard let file = unsafe fopen("/proc/self/statm", "r") else { return 0 }
        defer { unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard unsafe fgets(&line, 255, file) != nil else { return 0 }
        let fields = line.prefix { $0 != 0 }.split(separator: CChar(0x20))
        let pages = fields.count > 1 ? Int(String(decoding: fields[1].map { UInt8($0) }, as: UTF8.self)) : nil
        return (pages ?? 0) * sysconf(Int32(_SC_PAGESIZE))
    }

    /// Says what is wrong and ends the program with status 1.
    static func fail(_ message: String) -> Never {
        print("FAILED: \(message)")
        exit(1)
    }
}
