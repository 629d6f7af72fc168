extension RequestHead {
    /// Sorts the target into one of its forms (RFC 9112 §3.2).
    @inline(__always)
    mutating func takeTarget(_ bytes: Span<UInt8>, _ scan: TargetScan) throws(HeadError) {
        if bytes[scan.start] != Byte.slash || methodKind == .connect {
            try takeUnusualTarget(bytes, scan)
            return
        }
        target = ByteRange(from: scan.start, to: scan.end)
        path = ByteRange(from: scan.start, to: scan.pathEnd)
        pathNeedsNormalising = scan.needsNormalising
        isVerbatim = minorVersion == 1
    }

    @inline(never)
    private mutating func takeUnusualTarget(_ bytes: Span<UInt8>, _ scan: TargetScan) throws(HeadError) {
        if methodKind == .connect { throw .connectRefused }
        let length = scan.end &- scan.start
        if length == 0 { throw .badRequestLine }
        if length == 1 && bytes[scan.start] == Byte.asterisk {
            if methodKind != .options { throw .badTarget }
            target = ByteRange(from: scan.start, to: scan.end)
            isAsterisk = true
            isVerbatim = minorVersion == 1
            return
        }
        try takeAbsoluteForm(bytes, scan)
    }

    private mutating func takeAbsoluteForm(_ bytes: Span<UInt8>, _ scan: TargetScan) throws(HeadError) {
        let start: Int
        if bytes.begins(with: "http://", at: scan.start, before: scan.end) {
            start = scan.start &+ 7
        } else if bytes.begins(with: "https://", at: scan.start, before: scan.end) {
            start = scan.start &+ 8
        } else {
            throw .badTarget
        }
        var end = start
        while end < scan.pathEnd && bytes[end] != Byte.slash { end &+= 1 }
        authority = ByteRange(from: start, to: end)
        host = try parseAuthority(bytes, authority)
        target = ByteRange(from: end, to: scan.end)
        path = ByteRange(from: end, to: scan.pathEnd)
        pathNeedsNormalising = scan.needsNormalising
        isAbsoluteForm = true
        // RFC 9112 §3.2.4: such a request without a path is one of the server as a whole.
        isAsterisk = methodKind == .options && target.isEmpty
    }
}
