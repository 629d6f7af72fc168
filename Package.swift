// swift-tools-version: 6.2
import PackageDescription

/// `APUS_CORE_ONLY=1` leaves out every target that needs a package dependency: the core builds and tests in seconds.
let coreOnly = Context.environment["APUS_CORE_ONLY"] != nil

let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableExperimentalFeature("Lifetimes"),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

func core(_ name: String, _ dependencies: [Target.Dependency] = []) -> [Target] {
    [
        .target(name: name, dependencies: dependencies, swiftSettings: settings),
        .testTarget(
            name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: settings),
    ]
}

var targets: [Target] = [
    .target(name: "CLinux")
]
targets += core("ProxyModel")
targets += core("RegistryProtocol", ["ProxyModel", "CZlib"])
targets += core("Registry", ["ProxyModel", "RegistryProtocol"])
targets += core("HTTPWire")
targets += core("Routing", ["ProxyModel"])
targets += core("TrafficPolicy", ["ProxyModel"])
targets += core("DataPlane", ["ProxyModel", "HTTPWire", "Routing", "TrafficPolicy", "CLinux"])
targets += [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .executableTarget(
        name: "registry-simulation", dependencies: ["ProxyModel", "RegistryProtocol", "Registry"],
        swiftSettings: settings),
]

var dependencies: [Package.Dependency] = []
var products: [Product] = []

if !coreOnly {
    dependencies += [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ]
    products += [.executable(name: "apus", targets: ["apus"])]
    targets += [
        .target(
            name: "ProxyConfiguration", dependencies: ["ProxyModel"], swiftSettings: settings),
        .testTarget(
            name: "ProxyConfigurationTests", dependencies: ["ProxyConfiguration", "ProxyModel"],
            swiftSettings: settings),
        .target(
            name: "RegistryServer",
            dependencies: [
                "ProxyModel", "RegistryProtocol", "Registry",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "RegistryServerTests",
            dependencies: [
                "RegistryServer", "Registry", "ProxyModel",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: settings),
        .target(
            name: "HealthChecks",
            dependencies: [
                "ProxyModel",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "HealthChecksTests",
            dependencies: [
                "HealthChecks", "ProxyModel",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: settings),
        .target(
            name: "ApusServer",
            dependencies: [
                "ProxyModel", "ProxyConfiguration", "RegistryProtocol", "Registry", "RegistryServer", "DataPlane",
                "HealthChecks", "TrafficPolicy",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ApusServerTests",
            dependencies: [
                "ApusServer", "HealthChecks", "ProxyConfiguration", "ProxyModel",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings),
        .executableTarget(
            name: "apus",
            dependencies: [
                "ApusServer", "ProxyConfiguration", "ProxyModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),
    ]
}

let package = Package(name: "apus", products: products, dependencies: dependencies, targets: targets)
