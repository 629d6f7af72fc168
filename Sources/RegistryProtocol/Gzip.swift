import CZlib
import FoundationEssentials

/// Compressed payloads: base64 without line breaks of gzip (RFC 1952).
public enum Gzip {
    /// The gzip of the text in base64.
    public static func base64(of text: String) -> String {
        Data(compress(Array(text.utf8))).base64EncodedString()
    }

    /// The text of a compressed payload; `nil` where it is none, or would be longer than `limit` bytes.
    public static func text(ofBase64 payload: String, limit: Int = 64 << 20) -> String? {
        guard let data = Data(base64Encoded: payload), let bytes = expand(Array(data), limit: limit) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The bytes in one gzip member. The same bytes give the same result: it carries no time and no name.
    public static func compress(_ bytes: [UInt8]) -> [UInt8] {
        let bound = apus_gzip_bound(bytes.count)
        // Safe because both pointers are valid for the lengths given, and the call keeps neither.
        return unsafe Array(unsafeUninitializedCapacity: bound) { target, count in
            unsafe bytes.withUnsafeBufferPointer { source in
                count = unsafe apus_gzip(source.baseAddress, source.count, target.baseAddress, target.count)
            }
        }
    }

    /// The bytes of one gzip member; `nil` where it is damaged or holds more than `limit` bytes.
    public static func expand(_ bytes: [UInt8], limit: Int) -> [UInt8]? {
        // The last four bytes hold the length (modulo 2³²): trusted only as far as the limit.
        guard bytes.count >= 18 else { return nil }
        let length = bytes.suffix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard length <= limit else { return nil }
        var isComplete = false
        // Safe because both pointers are valid for the lengths given, and the call keeps neither. One byte of room at
        // least: zlib takes a target without any for a mistake.
        let result = unsafe [UInt8](unsafeUninitializedCapacity: max(length, 1)) { target, count in
            unsafe bytes.withUnsafeBufferPointer { source in
                isComplete =
                    unsafe apus_gunzip(source.baseAddress, source.count, target.baseAddress, target.count) == length
            }
            count = isComplete ? length : 0
        }
        return isComplete ? result : nil
    }
}
