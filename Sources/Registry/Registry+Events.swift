import ProxyModel
import RegistryProtocol

extension Registry {
    /// SUBSCRIBE. `all` means the three events of the guide.
    mutating func subscribe(_ key: SessionKey, to type: EventType, _ request: Request) -> Outcome {
        for type in type == .all ? EventType.allOfGuide : [type] {
            sessions[key]?.subscriptions.insert(type)
            subscribers[type, default: []].insert(key)
        }
        if type == .drainCompleted { resumeReceipt(of: key, now: request.now) }
        return request.answer("SUBSCRIBE_OK")
    }

    /// UNSUBSCRIBE. `all` means everything.
    mutating func unsubscribe(_ key: SessionKey, from type: EventType, _ request: Request) -> Outcome {
        let types = type == .all ? Array(sessions[key]?.subscriptions ?? []) : [type]
        for type in types { removeSubscription(of: key, to: type) }
        return request.answer("UNSUBSCRIBE_OK")
    }

    /// Takes a subscription back.
    mutating func removeSubscription(of key: SessionKey, to type: EventType) {
        sessions[key]?.subscriptions.remove(type)
        subscribers[type]?.remove(key)
        if subscribers[type]?.isEmpty == true { subscribers[type] = nil }
    }

    /// Sends an event to a session's owner, if there is one and it wants it.
    mutating func sendEvent(_ type: EventType, _ payload: JSONObject, to key: SessionKey) {
        guard let session = sessions[key], session.subscriptions.contains(type), let owner = session.owner else {
            return
        }
        act(.event(owner, Reply.event(type, payload)))
    }

    /// The health of the backend of these routes has changed; `reason` as `connection_timeout`.
    public mutating func healthChanged(
        of routes: [RouteID], isHealthy: Bool, reason: String, now: Moment
    ) -> [RegistryAction] {
        guard subscribers[.backendHealthChanged] != nil else { return takeActions() }
        for id in routes.sorted() {
            guard let key = owners[id] else { continue }
            var payload = JSONObject()
            payload.set("route_id", id.description)
            payload.set("healthy", isHealthy)
            payload.set("reason", reason)
            sendEvent(.backendHealthChanged, payload, to: key)
        }
        return takeActions()
    }

    /// The proxy's own configuration has changed; `reason` as `admin_update`.
    public mutating func globalConfigurationChanged(reason: String, now: Moment) -> [RegistryAction] {
        var payload = JSONObject()
        payload.set("reason", reason)
        sendToAll(.globalConfigChanged, payload)
        return takeActions()
    }

    /// A certificate was renewed.
    public mutating func certificateRenewed(domain: String, expiry: WallTime, now: Moment) -> [RegistryAction] {
        var payload = JSONObject()
        payload.set("domain", domain)
        payload.set("expiry", expiry.rfc3339)
        sendToAll(.certificateRenewed, payload)
        return takeActions()
    }

    private mutating func sendToAll(_ type: EventType, _ payload: JSONObject) {
        for key in subscribers[type, default: []].sorted() { sendEvent(type, payload, to: key) }
    }
}
