import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

extension ProbeFailure {
    /// The reason behind an error of the HTTP client or of a connection.
    init(_ error: any Error) {
        switch error {
        case let error as HTTPClientError: self.init(client: error)
        case let error as IOError: self.init(code: error.errnoCode)
        case let error as NIOConnectionError:
            if let last = error.connectionErrors.last {
                self.init(last.error)
            } else {
                self.init(reason: .nameNotResolved, message: "the name does not resolve")
            }
        case let error as ChannelError:
            if case .connectTimeout = error {
                self.init(reason: .connectionTimeout, message: "connection timed out")
            } else {
                self.init(reason: .connectionFailed, message: "connection failed")
            }
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError:
            self.init(reason: .tlsFailed, message: "TLS handshake failed")
        case is HTTPParserError:
            self.init(reason: .invalidResponse, message: "the response is not HTTP/1.1")
        default:
            self.init(reason: .connectionFailed, message: "request failed")
        }
    }

    private init(client error: HTTPClientError) {
        switch error {
        case .connectTimeout, .getConnectionFromPoolTimeout:
            self.init(reason: .connectionTimeout, message: "connection timed out")
        case .tlsHandshakeTimeout:
            self.init(reason: .tlsFailed, message: "TLS handshake timed out")
        case .deadlineExceeded, .readTimeout, .writeTimeout:
            self.init(reason: .responseTimeout, message: "no response in time")
        case .remoteConnectionClosed:
            self.init(reason: .connectionReset, message: "connection closed without a response")
        default:
            self.init(reason: .invalidResponse, message: error.shortDescription)
        }
    }

    private init(code: Int32) {
        switch code {
        case ECONNREFUSED: self.init(reason: .connectionRefused, message: "connection refused")
        case ETIMEDOUT: self.init(reason: .connectionTimeout, message: "connection timed out")
        case ECONNRESET, EPIPE: self.init(reason: .connectionReset, message: "connection reset")
        default:
            // Safe because strerror's text is copied before the next call of this thread.
            unsafe self.init(reason: .connectionFailed, message: String(cString: strerror(code)).lowercased())
        }
    }
}
