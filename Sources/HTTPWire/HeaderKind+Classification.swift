extension HeaderKind {
    /// The kind of the name of `length` bytes at `start`, of which `block` has the first 16.
    @inline(__always)
    static func classify(_ bytes: Span<UInt8>, _ block: Block, at start: Int, length: Int) -> HeaderKind {
        let first = block.words.low & 0x1F
        if firstLetters(ofLength: length) &>> UInt32(truncatingIfNeeded: first) & 1 == 0 { return .other }
        return classifyCandidate(bytes, block, at: start, length: length)
    }

    /// Bit n tells that a known name of this length begins with letter n: most names are told apart by that.
    @inline(__always)
    private static func firstLetters(ofLength length: Int) -> UInt32 {
        switch length {
        case 2: letters("t")
        case 3: letters("v")
        case 4: letters("h")
        case 5: letters("p")
        case 6: letters("ace")
        case 7: letters("ut")
        case 8: letters("l")
        case 9: letters("f")
        case 10: letters("cks")
        case 12, 15: letters("x")
        case 14: letters("ch")
        case 16: letters("xp")
        case 17: letters("tx")
        case 18, 19: letters("p")
        default: 0
        }
    }

    @inline(__always)
    private static func letters(_ text: StaticString) -> UInt32 {
        var set: UInt32 = 0
        var index = 0
        while index < text.utf8CodeUnitCount {
            set |= 1 &<< UInt32(text.byte(at: index) & 0x1F)
            index &+= 1
        }
        return set
    }

    @inline(never)
    private static func classifyCandidate(
        _ bytes: Span<UInt8>, _ block: Block, at start: Int, length: Int
    ) -> HeaderKind {
        let rest = length > 16 && length < 20 ? bytes.block(at: start &+ 16).foldedWords.low : 0
        return classify(block.foldedWords, rest: rest, length: length)
    }

    /// The kind of a name.
    ///
    /// - Parameters:
    ///   - name: The first 16 bytes of the name folded by `| 0x20`; what follows the name does not matter.
    ///   - rest: The 16 bytes after those, folded likewise.
    ///   - length: Bytes of the name.
    @inline(__always)
    static func classify(_ name: (low: UInt64, high: UInt64), rest: UInt64, length: Int) -> HeaderKind {
        switch length {
        case 2: short(name, length) == packed("te") ? .te : .other
        case 3: short(name, length) == packed("via") ? .via : .other
        case 4: short(name, length) == packed("host") ? .host : .other
        case 5: short(name, length) == packed("proxy") ? .hopByHop : .other
        case 6:
            switch short(name, length) {
            case packed("accept"): .accept
            case packed("cookie"): .cookie
            case packed("expect"): .expect
            default: .other
            }
        case 7:
            switch short(name, length) {
            case packed("upgrade"): .upgrade
            case packed("trailer"): .trailer
            default: .other
            }
        case 8: name.low == packed("location") ? .location : .other
        default: long(name, rest, length)
        }
    }

    @inline(__always)
    private static func long(_ name: (low: UInt64, high: UInt64), _ rest: UInt64, _ length: Int) -> HeaderKind {
        switch length {
        case 9: name.low == packed("forwarde") && tail(name, length) == packed("d") ? .forwarded : .other
        case 10:
            switch (name.low, tail(name, length)) {
            case (packed("connecti"), packed("on")): .connection
            case (packed("keep-ali"), packed("ve")): .hopByHop
            case (packed("set-cook"), packed("ie")): .setCookie
            default: .other
            }
        case 12: name.low == packed("x-reques") && tail(name, length) == packed("t-id") ? .xRequestID : .other
        case 14:
            switch (name.low, tail(name, length)) {
            case (packed("content-"), packed("length")): .contentLength
            case (packed("http2-se"), packed("ttings")): .hopByHop
            default: .other
            }
        case 15: name.low == packed("x-forwar") && tail(name, length) == packed("ded-for") ? .xForwardedFor : .other
        case 16:
            switch (name.low, name.high) {
            case (packed("x-forwar"), packed("ded-host")): .xForwardedHost
            case (packed("x-forwar"), packed("ded-port")): .xForwardedPort
            case (packed("proxy-co"), packed("nnection")): .hopByHop
            default: .other
            }
        case 17...19: longest(name, rest, length)
        default: .other
        }
    }

    @inline(__always)
    private static func longest(_ name: (low: UInt64, high: UInt64), _ rest: UInt64, _ length: Int) -> HeaderKind {
        // Bits past the name are cut, as in `short`.
        let end = rest & (~0 &>> UInt64(64 &- 8 &* (length &- 16)))
        switch (name.low, name.high, end) {
        case (packed("transfer"), packed("-encodin"), packed("g")): return .transferEncoding
        case (packed("x-forwar"), packed("ded-prot"), packed("o")): return .xForwardedProto
        case (packed("proxy-au"), packed("thentica"), packed("te")): return .hopByHop
        case (packed("proxy-au"), packed("thorizat"), packed("ion")): return .hopByHop
        default: return .other
        }
    }

    /// The name's bytes in the first word, of a name shorter than 8.
    @inline(__always)
    private static func short(_ name: (low: UInt64, high: UInt64), _ length: Int) -> UInt64 {
        name.low & (~0 &>> UInt64(64 &- 8 &* length))
    }

    /// The name's bytes in the second word, of a name of 9 to 15.
    @inline(__always)
    private static func tail(_ name: (low: UInt64, high: UInt64), _ length: Int) -> UInt64 {
        name.high & (~0 &>> UInt64(64 &- 8 &* (length &- 8)))
    }
}
