/// Why a message cannot be taken. The connection it came on has lost its framing and must be closed.
public enum HeadError: UInt8, Error, Hashable, Sendable {
    // The request line.
    case tooManyEmptyLines, badRequestLine, badMethod, badTarget, targetTooLong, unsupportedVersion, http2Preface
    case connectRefused
    // Header lines.
    case headTooLarge, tooManyHeaders, badHeaderName, whitespaceBeforeColon, obsoleteLineFolding
    case bareCarriageReturn, bareLineFeed, controlCharacter
    // What the fields say.
    case missingHost, duplicateHost, badHost
    case badContentLength, duplicateContentLength, unsupportedTransferCoding, duplicateTransferEncoding
    case lengthAndTransferEncoding, transferEncodingInHTTP10, badConnection, unknownExpectation
    // The status line.
    case badStatusLine
    // The body.
    case badChunkSize, chunkSizeOverflow, badChunkExtension, chunkExtensionsTooLong, badChunkEnd
    // The path.
    case badPercentEncoding, pathAboveRoot

    /// The status code that answers a request with this error. In a response the answer is 502 whatever the error is.
    public var status: Int {
        switch self {
        case .targetTooLong: 414
        case .headTooLarge, .tooManyHeaders: 431
        case .connectRefused: 501
        case .unsupportedVersion, .http2Preface: 505
        case .unknownExpectation: 417
        default: 400
        }
    }
}
