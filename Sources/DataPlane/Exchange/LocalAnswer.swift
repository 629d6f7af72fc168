import TrafficPolicy

/// An answer of the proxy itself: a small page, or problem details (RFC 9457) for clients that ask for JSON.
struct LocalAnswer {
    var status: Int
    var reason: String
    /// Seconds; 0 for no Retry-After.
    var retryAfter = 0
    /// What a rate limit says, for its header fields.
    var rateLimit: RateDecision?
    /// Seconds of its window.
    var rateWindow = 1
    /// Where a redirect leads.
    var location: [UInt8] = []
    var requestID: [UInt8] = []
    var closes = false
    var isHead = false
    var clientMinorVersion = 1
    var prefersProblemJSON = false
    /// Head lines of the route, each ended by CRLF.
    var extraLines: [UInt8] = []
    var replacesContentType = false

    /// The whole message; at most about 2 KiB and the extra lines.
    func bytes() -> [UInt8] {
        let title = "\(status) \(StatusText.phrase(status))"
        let body = prefersProblemJSON ? problem(title) : page(title)
        var head = "HTTP/1.1 \(title)\r\n"
        if !replacesContentType {
            head +=
                prefersProblemJSON
                ? "Content-Type: application/problem+json\r\n" : "Content-Type: text/html; charset=utf-8\r\n"
        }
        head += "Content-Length: \(body.utf8.count)\r\nCache-Control: no-store\r\n"
        if retryAfter > 0 { head += "Retry-After: \(retryAfter)\r\n" }
        if let limit = rateLimit {
            head += "RateLimit-Policy: \"default\";q=\(limit.limit);w=\(rateWindow)\r\n"
            head += "RateLimit: \"default\";r=\(limit.remaining);t=\(limit.resetSeconds)\r\n"
        }
        if !requestID.isEmpty { head += "X-Request-Id: \(String(decoding: requestID, as: UTF8.self))\r\n" }
        if closes {
            head += "Connection: close\r\n"
        } else if clientMinorVersion == 0 {
            head += "Connection: keep-alive\r\n"
        }
        var message = Array(head.utf8)
        if !location.isEmpty { message += Array("Location: ".utf8) + location + Array("\r\n".utf8) }
        message += extraLines
        message += Array("\r\n".utf8)
        if !isHead { message += Array(body.utf8) }
        return message
    }

    private func page(_ title: String) -> String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>\(title)</title>
        <style>
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 34em; margin: 18vh auto 0; padding: 0 1.5em; }
        h1 { font-size: 1.4em; } code, small { color: #667; } @media (prefers-color-scheme: dark) {
        body { background: #14161a; color: #dde; } }
        </style>
        </head>
        <body>
        <h1>\(title)</h1>
        <p>\(Self.escapedForHTML(reason))</p>
        <p><small>Request <code>\(String(decoding: requestID, as: UTF8.self))</code></small></p>
        </body>
        </html>

        """
    }

    private func problem(_ title: String) -> String {
        let phrase = "\(StatusText.phrase(status))"
        let id = String(decoding: requestID, as: UTF8.self)
        return """
            {"type":"about:blank","title":"\(phrase)","status":\(status),"detail":"\(Self.escapedForJSON(reason))",\
            "request_id":"\(id)"}

            """
    }

    static func escapedForHTML(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    static func escapedForJSON(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            default:
                if character.value < 0x20 { result += " " } else { result.unicodeScalars.append(character) }
            }
        }
        return result
    }
}
