import ProxyModel
import RegistryProtocol

extension Registry {
    /// MAINT_ENTER: `ACK` once every worker serves the page, `MAINT_OK` once the page's backend answers.
    mutating func enterMaintenance(
        _ selection: MaintenanceSelection, _ backend: BackendURL?, _ key: SessionKey, _ request: Request
    ) throws(RegistryError) -> Outcome {
        let (routes, isAll) = try routes(in: selection, of: key)
        let task = makeTask(selection, isEntering: true, key, probing: backend.map { [$0] } ?? [], request)
        let entry = MaintenanceState.Entry(backend: backend, enteredAt: request.now, task: task.number)
        for id in routes { sessions[key]?.maintenance.routes[id] = entry }
        if isAll { sessions[key]?.maintenance.later = entry }
        logMaintenance("entered: \(selection.text) of", key)
        publish(
            RoutingDelta(upserts: definitions(of: routes, key)), .maintenancePublication(request, task))
        return .later
    }

    /// MAINT_EXIT: `ACK` once traffic flows again, `MAINT_OK` once the routes' own backends answer.
    mutating func exitMaintenance(
        _ selection: MaintenanceSelection, _ key: SessionKey, _ request: Request
    ) throws(RegistryError) -> Outcome {
        var (routes, isAll) = try routes(in: selection, of: key)
        if isAll { sessions[key]?.maintenance.later = nil }
        routes = routes.filter { sessions[key]?.maintenance.routes[$0] != nil }
        for id in routes { sessions[key]?.maintenance.routes[id] = nil }
        let upserts = definitions(of: routes, key)
        var backends: [BackendURL] = []
        var seen: Set<BackendURL> = []
        for route in upserts where seen.insert(route.backend).inserted { backends.append(route.backend) }
        let task = makeTask(selection, isEntering: false, key, probing: backends.reversed(), request)
        logMaintenance("ended: \(selection.text) of", key)
        publish(RoutingDelta(upserts: upserts), .maintenancePublication(request, task))
        return .later
    }

    /// MAINT_STATUS.
    func maintenanceStatus(_ key: SessionKey, _ request: Request) -> Outcome {
        let routes = sessions[key]?.maintenance.routes ?? [:]
        // The command that came last speaks for all: the guide's form has room for one.
        let entry = routes.values.max { $0.task < $1.task }
        var object = JSONObject()
        object.set("in_maintenance", routes.keys.sorted().map(\.description))
        object.set("maintenance_backend", entry?.backend?.description)
        object.set("entered_at", entry?.enteredAt.wall.rfc3339)
        return request.answer("MAINT_STATUS_OK", json: object)
    }

    /// Every worker serves what a maintenance command asked for.
    mutating func maintenancePublished(_ request: Request, _ task: MaintenanceTask, now: Moment) {
        reply(to: request, Reply.line("ACK", request.transactionID))
        var task = task
        let limit = task.isEntering ? configuration.maintenanceEnterLimit : configuration.maintenanceExitLimit
        task.deadline = now.monotonic + limit
        connections[request.connection]?.outstandingMaintenance += 1
        maintenanceTasks[task.number] = task
        continueMaintenance(task.number, now: now)
    }

    /// How a `probeBackend` went: `failure` is `nil` where the backend answered.
    public mutating func backendProbed(_ token: EffectToken, failure: String?, now: Moment) -> [RegistryAction] {
        guard case .maintenanceProbe(let number)? = effects.removeValue(forKey: token),
            let backend = maintenanceTasks[number]?.probing.removeValue(forKey: token)
        else { return takeActions() }
        if let failure {
            failMaintenance(number, backend, failure)
        } else {
            continueMaintenance(number, now: now)
        }
        return takeActions()
    }

    /// Begins the probes that there is room for, or ends the command where none are left.
    private mutating func continueMaintenance(_ number: UInt64, now: Moment) {
        guard var task = maintenanceTasks[number] else { return }
        while task.probing.count < configuration.limits.concurrentProbes, let backend = task.waiting.popLast() {
            let token = begin(.maintenanceProbe(number))
            task.probing[token] = backend
            act(.probeBackend(backend, limit: max(task.deadline - now.monotonic, .milliseconds(1)), token))
        }
        maintenanceTasks[number] = task
        guard task.probing.isEmpty else { return }
        endMaintenanceTask(number)
        tell(task, Reply.line("MAINT_OK", task.request.transactionID, task.target))
    }

    /// A backend did not answer in time. Maintenance stays on with the built-in page, or has ended all the same.
    private mutating func failMaintenance(_ number: UInt64, _ backend: BackendURL, _ failure: String) {
        guard let task = maintenanceTasks[number] else { return }
        endMaintenanceTask(number)
        let consequence = task.isEntering ? "the built-in page is served" : "maintenance has ended all the same"
        let reason = "\(task.target): backend \(backend) does not answer (\(failure)), \(consequence)"
        tell(task, Reply.error(task.request.transactionID, reason))
        guard task.isEntering else { return }
        // Only what is still in the state that this command brought about, routes that came later included.
        let entries = sessions[task.session]?.maintenance.routes ?? [:]
        let routes = entries.filter { $0.value.task == number }.keys.sorted()
        for id in routes { sessions[task.session]?.maintenance.routes[id]?.backend = nil }
        if sessions[task.session]?.maintenance.later?.task == number {
            sessions[task.session]?.maintenance.later?.backend = nil
        }
        publishUnlessEmpty(RoutingDelta(upserts: definitions(of: routes, task.session)))
    }

    private mutating func endMaintenanceTask(_ number: UInt64) {
        guard let task = maintenanceTasks.removeValue(forKey: number) else { return }
        connections[task.request.connection]?.outstandingMaintenance -= 1
        for token in task.probing.keys { effects[token] = nil }
    }

    /// Sends the late word of a command to the connection that gave it; a successor would take it for something else.
    private mutating func tell(_ task: MaintenanceTask, _ line: String) {
        if connections[task.request.connection] != nil {
            act(.event(task.request.connection, line))
        } else {
            log(.info, "Not delivered, the connection is gone: \(line) (session: \(task.logID))")
        }
    }

    private mutating func makeTask(
        _ selection: MaintenanceSelection, isEntering: Bool, _ key: SessionKey, probing backends: [BackendURL],
        _ request: Request
    ) -> MaintenanceTask {
        MaintenanceTask(
            number: takeNumber(), session: key, logID: sessions[key]?.logID ?? "", target: selection.text,
            isEntering: isEntering, waiting: backends, request: request)
    }

    /// The active routes that a target names, by number, and whether it names all.
    private func routes(
        in selection: MaintenanceSelection, of key: SessionKey
    ) throws(RegistryError) -> (routes: [RouteID], isAll: Bool) {
        guard let session = sessions[key] else { throw .invalidSession }
        var found: Set<RouteID> = []
        for target in selection.targets {
            switch target {
            case .all: return (session.active.routes.keys.sorted(), true)
            case .route(let id):
                try checkActive(id, of: key)
                found.insert(id)
            case .path(let path):
                let ids = session.active.routes.filter { $0.value.path == path }.map(\.key)
                guard !ids.isEmpty else { throw .nothingAt(path.original) }
                found.formUnion(ids)
            case .domain(let domain):
                let ids = session.active.routes.filter { $0.value.domains.contains(domain) }.map(\.key)
                guard !ids.isEmpty else { throw .nothingAt(domain.description) }
                found.formUnion(ids)
            }
        }
        return (found.sorted(), false)
    }

    private mutating func logMaintenance(_ what: String, _ key: SessionKey) {
        guard let session = sessions[key] else { return }
        log(.info, "Maintenance \(what) \(session.service) at \(session.instance) (session: \(session.logID))")
    }
}
