import HTTPWire
import ProxyModel

/// The texts that a route's settings put into heads. Most routes have none and share the entry at index 0.
struct RouteTexts: ~Copyable {
    /// The entry of routes that change no head.
    static let none: Int32 = 0
    /// Bytes of head lines that a route can give its responses: with a head of 64 KiB they fit into one large buffer. The
    /// registry refuses more.
    static let maxResponseLineBytes = 32_768

    /// Put before the request's path.
    var pathPrefix: [UInt8] = []
    /// The Host that the backend gets where it is not the client's.
    var host: [UInt8] = []
    /// The route's path, as `strip_prefix` has to find it in front of the request's.
    var path: [UInt8] = []
    /// Head lines that every response of the route gets, each ended by CRLF, and their names.
    var responseLines: [UInt8] = []
    var responseNames = HeaderNameSet()
    /// The same lines with one more that gives the client its sticky cookie.
    var responseLinesWithCookie: [UInt8] = []
    /// The name of the sticky cookie.
    var stickyName: [UInt8] = []
    /// The route sets Content-Type itself, also on answers of ours.
    var replacesContentType = false

    /// Whether a route with this definition needs an entry of its own.
    static func areNeeded(_ definition: RouteDefinition) -> Bool {
        let settings = definition.settings
        return !settings.responseHeaders.isEmpty || settings.stickyCookie != nil || settings.stripPrefix
            || settings.hostHeader == .backend || definition.maintenance != nil || !definition.target.pathPrefix.isEmpty
    }

    mutating func open(_ definition: RouteDefinition) {
        let settings = definition.settings
        pathPrefix = Array(definition.target.pathPrefix.utf8)
        host = settings.hostHeader == .backend ? Array(definition.target.authority.utf8) : []
        path = settings.stripPrefix ? Array(definition.path.text.utf8) : []
        responseLines = []
        var names = settings.responseHeaders.map(\.name)
        for field in settings.responseHeaders where responseLines.count < Self.maxResponseLineBytes {
            responseLines += Array("\(field.name): \(field.value)\r\n".utf8)
        }
        if definition.maintenance != nil {
            responseLines += Array("Retry-After: \(MaintenanceMode.retryAfter)\r\nX-Maintenance-Mode: true\r\n".utf8)
            names += ["Retry-After", "X-Maintenance-Mode"]
        }
        responseNames = HeaderNameSet(names)
        replacesContentType = names.contains { $0.lowercased() == "content-type" }
        if let name = settings.stickyCookie {
            var value = RequestID()
            value.set(definition.instanceKey, 0)
            let text = String(decoding: value.bytes.prefix(16), as: UTF8.self)
            stickyName = Array(name.utf8)
            responseLinesWithCookie =
                responseLines + Array("Set-Cookie: \(name)=\(text); Path=/; HttpOnly; SameSite=Lax\r\n".utf8)
        } else {
            stickyName = []
            responseLinesWithCookie = []
        }
    }

    /// Gives the memory back; the entry is reused.
    mutating func close() {
        pathPrefix = []
        host = []
        path = []
        responseLines = []
        responseNames = HeaderNameSet()
        responseLinesWithCookie = []
        stickyName = []
    }
}

extension RouteDefinition {
    /// Where its requests go now: to its own backend or to that of its maintenance page.
    var target: BackendURL { maintenance?.backend ?? backend }

    /// What rendezvous hashing and sticky cookies go by: the instance, not the route's number, so that it survives the
    /// instance's restarts.
    var instanceKey: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(service)|\(instance)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return max(hash, 1)
    }
}

extension RouteRuntime {
    /// Takes a definition's settings; what names other elements is set by the caller.
    mutating func open(
        _ definition: RouteDefinition, _ defaults: WorkerTimeouts, _ configuration: DataPlaneConfiguration
    ) {
        let settings = definition.settings
        inFlight = 0
        isRetired = false
        weight = Int32(settings.weight)
        connectTimeout = settings.connectTimeout?.clampedNanoseconds ?? defaults.connect
        responseHeadTimeout = settings.timeout?.clampedNanoseconds ?? defaults.responseHead
        idleTimeout = settings.idleTimeout?.clampedNanoseconds ?? defaults.idle
        maxBodyBytes = settings.maxBodySize ?? configuration.limits.bodyBytes
        maxRetries = UInt8(clamping: settings.retries ?? 2)
        loadBalancing = settings.loadBalancing
        redirectsToHTTPS = settings.httpsRedirect
        replacesHost = settings.hostHeader == .backend
        key = definition.instanceKey
        turn = 0
        stickyKey = settings.stickyCookie == nil ? 0 : key
        maintenance = definition.maintenance.map { $0.backend == nil ? .builtIn : .backend } ?? .off
        isUnspoken = maintenance != .builtIn && !DataPlane.speaks(definition.target.scheme)
        let strips = settings.stripPrefix && maintenance == .off && definition.path.text != "/"
        strippedBytes = strips ? Int32(definition.path.text.utf8.count) : 0
    }
}

extension Worker {
    /// The entry of a definition's texts.
    mutating func textsIndex(_ definition: RouteDefinition) -> Int32 {
        if texts.initialized == 0 { _ = texts.allocate() }
        guard RouteTexts.areNeeded(definition) else { return RouteTexts.none }
        guard let index = texts.allocate() else { preconditionFailure("the registry bounds its routes") }
        texts[index].open(definition)
        return index
    }

    mutating func releaseTexts(_ index: Int32) {
        if index == RouteTexts.none { return }
        texts[index].close()
        texts.free(index)
    }
}
