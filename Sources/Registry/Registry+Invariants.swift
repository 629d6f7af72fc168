import ProxyModel
import RegistryProtocol

extension Registry {
    /// Checks that all parts of the state agree with each other, and stops the program where they do not. O(state).
    ///
    /// For tests and simulations: nothing calls it in service.
    public func checkInvariants() {
        timers.checkInvariants()
        checkConnections()
        checkSessions()
        checkRoutes()
        checkEffects()
    }

    private func checkConnections() {
        var owned = 0
        for (id, connection) in connections {
            for key in connection.sessions {
                precondition(sessions[key]?.presence == .connected(id), "a connection lists a session it does not own")
            }
            owned += connection.sessions.count
            let isIdle = timers.deadline(of: .idle(id)) != nil
            precondition(isIdle == connection.sessions.isEmpty, "idle time runs where there is no session, only there")
        }
        precondition(owned == connectedCount, "each connected session is listed once")
    }

    private func checkSessions() {
        var valid = 0
        for (key, session) in sessions {
            precondition(session.key == key)
            if session.isValid {
                valid += 1
                precondition(keys[session.id] == key, "a valid session is found by its id")
            } else {
                precondition(session.staging.isEmpty && session.subscriptions.isEmpty, "an invalid one keeps nothing")
                precondition(!session.active.routes.isEmpty, "an invalid session lives for its routes alone")
            }
            if let owner = session.owner {
                precondition(connections[owner]?.sessions.contains(key) == true, "an owner lists its session")
                precondition(timers.deadline(of: .grace(key)) == nil, "no grace runs while the owner is there")
            } else {
                precondition(timers.deadline(of: .grace(key)) != nil, "grace runs while the owner is away")
            }
            let isStaged = timers.deadline(of: .staged(key)) != nil
            precondition(isStaged == !session.staging.isEmpty, "staged changes expire, nothing else does")
            session.staging.checkInvariants()
            for type in session.subscriptions {
                precondition(subscribers[type]?.contains(key) == true, "a subscription is known from both sides")
            }
            if let announced = session.announced {
                precondition(announced == session.state, "the workers know the state that the session has")
            } else {
                precondition(session.active.routes.isEmpty, "a session with routes is announced")
            }
        }
        precondition(valid == keys.count, "ids lead to valid sessions only")
        for (instance, key) in instances {
            guard let session = sessions[key] else { preconditionFailure("the latest session of an instance exists") }
            precondition(session.service == instance.service && session.instance == instance.name)
        }
        for (type, set) in subscribers {
            precondition(!set.isEmpty && set.allSatisfy { sessions[$0]?.subscriptions.contains(type) == true })
        }
    }

    private func checkRoutes() {
        var (routes, claims, staged) = (0, 0, 0)
        for (key, session) in sessions {
            for (id, route) in session.active.routes {
                precondition(owners[id] == key && id.number < nextRouteNumber)
                for domain in route.domains {
                    let site = RouteIndex.Site(domain: domain, path: route.path.text)
                    precondition(index.route(of: key, at: site, priority: route.priority) == id, "a route is indexed")
                }
                claims += route.domains.count
            }
            routes += session.active.routes.count
            staged += session.staging.additionCount
            for id in session.active.own.keys { precondition(session.active.routes[id] != nil) }
            for id in session.maintenance.routes.keys { precondition(session.active.routes[id] != nil) }
        }
        precondition(routes == owners.count && claims == index.claimCount, "nothing is indexed that is not active")
        precondition(routes + staged == routeCount, "the count of routes is right")
        index.checkInvariants()
    }

    private func checkEffects() {
        var publications = 0
        for effect in effects.values {
            switch effect {
            case .publication, .answeredPublication, .shutdownPublication, .maintenancePublication: publications += 1
            case .maintenanceProbe(let number): precondition(maintenanceTasks[number] != nil)
            case .backendTest, .statistics, .drainStatus, .receipt, .circuitStatus, .circuitReset: break
            }
        }
        precondition(publications == outstandingPublications, "the count of publications is right")
        let outstanding = connections.values.reduce(0) { $0 + $1.outstandingMaintenance }
        let open = maintenanceTasks.values.count { connections[$0.request.connection] != nil }
        precondition(outstanding == open, "a connection waits for its own maintenance commands")
    }
}
