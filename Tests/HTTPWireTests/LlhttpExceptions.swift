/// Where Apus judges otherwise than llhttp, and why. All but the last group are stricter.
///
/// Beyond these, every case without `Host` is a 400 in HTTP/1.1 (RFC 9112 §3.2), and so is every target with a
/// fragment (RFC 9112 §3.2.1 has none); such cases are judged once more with that mended.
let llhttpExceptions: [(reason: String, names: [String])] = [
    (
        "RFC 9112 §5.2: folded lines are refused, since recipients join them differently",
        [
            "request/connection: Parsing multiple tokens / Multiple tokens with folding",
            "request/connection: Parsing multiple tokens / Multiple tokens with folding, LWS, and CRLF",
            "request/invalid: Invalid space after start line / Spaces before headers (lenient)",
            "request/sample: Line folding in header value with CRLF",
            "request/sample: X-SSL-Nonsense",
            "response/transfer-encoding: Invalid OBS fold after chunked value",
        ]
    ),
    (
        "RFC 9112 §5.1: white space before a colon is refused",
        [
            "request/connection: Parsing multiple tokens / Invalid whitespace token with `Connection` header field (lenient)",
            "request/content-length: Invalid whitespace token with `Content-Length` header field (lenient)",
        ]
    ),
    (
        "RFC 9112 §2.2: a CR without LF or an LF without CR is a line end to one recipient and none to another",
        [
            "request/content-length: Missing CRLF-CRLF before body (lenient)",
            "request/invalid: Invalid space after start line / Only LFs present (lenient)",
            "request/lenient-headers: Header value / Empty headers separated by CR (lenient)",
            "request/sample: No LF after CR (lenient)",
            "response/invalid: Incomplete HTTP protocol / Bare CR after response line (lenient)",
            "response/invalid: Invalid space after start line / Only LFs present and no body (lenient)",
            "response/invalid: Invalid space after start line / Only LFs present (lenient)",
            "response/sample: No carriage ret (lenient)",
        ]
    ),
    (
        "RFC 9110 §5.5: control characters are in no value",
        [
            "request/lenient-header-value-relaxed: Control char in header value (relaxed)",
            "request/lenient-headers: Header value (lenient)",
            "request/lenient-headers: Second request header value (lenient)",
        ]
    ),
    (
        "RFC 9112 §7.1: chunk lines end with CRLF right after the size or an extension, data with CRLF",
        [
            "request/transfer-encoding: Invalid OBS fold after chunked value / Chunk header not terminated by CRLF (lenient)",
            "request/transfer-encoding: Invalid OBS fold after chunked value / Chunk data not terminated by CRLF (lenient)",
            "request/transfer-encoding: Space after chunk header (lenient)",
        ]
    ),
    (
        "RFC 9112 §6.1: with both Content-Length and Transfer-Encoding one recipient is always fooled",
        [
            "request/content-length: No error on simultaneous `Content-Length` and `Transfer-Encoding: identity` (lenient)"
        ]
    ),
    (
        "The only transfer coding is chunked, alone and once: no other is decoded here",
        [
            "request/transfer-encoding: POST with `Transfer-Encoding` and `Content-Length` (lenient)",
            "request/transfer-encoding: POST with `chunked` before other transfer-coding (lenient)",
            "request/transfer-encoding: POST with `chunked` and duplicate transfer-encoding (lenient)",
            "request/transfer-encoding: POST with `chunked` as last transfer-encoding",
            "request/transfer-encoding: POST with `chunked` as last transfer-encoding (multiple headers)",
            "response/transfer-encoding: `chunked` before other transfer-encoding",
            "response/transfer-encoding: multiple transfer-encoding where chunked is not the last one",
            "response/transfer-encoding: `chunkedchunked` transfer-encoding does not enable chunked enconding",
        ]
    ),
    (
        "Versions other than HTTP/1.1 and HTTP/1.0, RTSP, ICE and a line without version are not spoken",
        [
            "request/lenient-version: Invalid HTTP version (lenient)",
            "request/method: REPORT request / SOURCE request with ICE",
            "request/method: REPORT request / OPTIONS request with RTSP",
            "request/method: REPORT request / ANNOUNCE request with RTSP",
            "request/sample: No HTTP version",
            "response/lenient-version: Invalid HTTP version (lenient)",
            "response/sample: RTSP response",
            "response/sample: ICE response",
            "response/sample: HTTP version 0.9",
        ]
    ),
    (
        "CONNECT asks for a forward proxy",
        [
            "request/method: REPORT request / CONNECT request",
            "request/method: REPORT request / CONNECT request with CAPS",
            "request/method: REPORT request / CONNECT with body",
            "request/uri: Underscore in hostname",
        ]
    ),
    (
        "RFC 9112 §3.2.4: the target `*` is for OPTIONS",
        [
            "request/method: REPORT request / M-SEARCH request",
            "request/method: REPORT request / PRI request HTTP2",
        ]
    ),
    (
        "A host is a name of letters, digits, `-`, `.` and `_` or an IPv6 address without zone, and has no user",
        [
            "request/sample: curl GET",
            "request/sample: Firefox GET",
            "request/uri: `host:port` and basic auth",
            "url: Complex URL with basic auth from node.js url parser doc",
            "url: Proxy basic auth with url encoded space",
            "url: Proxy basic auth with unreserved chars",
            "url: IPv6 address with Zone ID",
            "url: IPv6 address with Zone ID, but `%` is not percent-encoded",
        ]
    ),
    (
        "Nothing may follow the last message of a connection (RFC 9112 §9.6)",
        [
            "request/connection: `keep-alive` / Resetting flags when keep-alive is off (1.0, lenient)",
            "request/connection: `close` / CRLF between requests, explicit `close` (lenient)",
            "response/connection: HTTP/1.1 with keep-alive disabled, content-length (lenient)",
            "response/connection: HTTP/1.1 with keep-alive disabled and 204 status (lenient)",
        ]
    ),
    (
        "No empty line belongs before a response (RFC 9112 §2.2 excuses it before requests alone)",
        [
            "response/connection: HTTP 304 with Content-Length",
            "response/connection: HTTP 100 first, then 400",
            "response/pipelining: Should parse multiple events",
            "response/sample: Response starting with CRLF",
        ]
    ),
    (
        "What follows an upgrade is not HTTP; whether there is one is not the parser's to decide",
        [
            "request/connection: Parsing multiple tokens / Multiple tokens with folding and LWS",
            "request/connection: `upgrade` / Upgrade GET request",
            "request/connection: `upgrade` / Upgrade POST request",
            "response/connection: HTTP 101 response with Upgrade and Content-Length header",
            "response/connection: HTTP 101 response with Upgrade and Transfer-Encoding header",
        ]
    ),
    (
        "Not stricter: any token is a method (RFC 9110 §9.1), and whether it is known is the backend's to say",
        [
            "request/invalid: ICE protocol and GET method / HTTP protocol and ANNOUNCE method",
            "request/invalid: ICE protocol and GET method / Invalid method",
        ]
    ),
]
