import Glibc

/// What the process was given.
enum Environment {
    /// Its environment variables; the first of a name counts.
    static var variables: [String: String] {
        var variables: [String: String] = [:]
        var next = unsafe environ
        // Safe because the list ends with a null pointer, and nothing changes it while the program starts.
        while let entry = unsafe next.pointee {
            let pair = unsafe String(cString: entry).split(
                separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if pair.count == 2, variables[String(pair[0])] == nil { variables[String(pair[0])] = String(pair[1]) }
            unsafe next += 1
        }
        return variables
    }
}
