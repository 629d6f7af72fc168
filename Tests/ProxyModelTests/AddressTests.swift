import Glibc
import ProxyModel
import Testing

@Suite struct AddressTests {
    @Test(arguments: [
        ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"), ("10.1.2.3", "10.1.2.3"), ("::", "::"),
        ("::1", "::1"), ("1::", "1::"), ("2001:DB8::8:800:200C:417A", "2001:db8::8:800:200c:417a"),
        ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("1:0:0:2:3:0:0:4", "1::2:3:0:0:4"), ("1:0:2:3:4:5:6:7", "1:0:2:3:4:5:6:7"),
        ("::ffff:1.2.3.4", "1.2.3.4"), ("::FFFF:102:304", "1.2.3.4"), ("::1.2.3.4", "::102:304"),
        ("64:ff9b::1.2.3.4", "64:ff9b::102:304"), ("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
        ("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"), ("1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"),
    ])
    func addressesAreReadAndWrittenCanonically(given: String, canonical: String) throws {
        let address = try #require(IPAddress(given))
        #expect(address.description == canonical)
        #expect(IPAddress(canonical) == address)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.", ".1.2.3", "1.2.3.-4",
        "0x1.2.3.4", "1.2.3.4444", ":", ":::", "1::2::3", ":1::", "1:", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "12345::", "g::", "[::1]", "fe80::1%eth0", "::1.2.3", "1.2.3.4::",
        "1:2:3:4:5:6:7:1.2.3.4", "localhost", "::ffff:1.2.3.4:5",
        "1111111111111111111111111111111111111111111111111111111",
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func randomAddressesAgreeWithTheSystem() {
        var random = SeededGenerator(state: 3)
        for _ in 0..<3000 {
            let groups = (0..<8).map { _ in Bool.random(using: &random) ? UInt16.random(in: 0...3, using: &random) : 0 }
            let plain = groups.map { String($0, radix: 16) }.joined(separator: ":")
            var bytes = in6_addr()
            #expect(unsafe inet_pton(AF_INET6, plain, &bytes) == 1)
            var text = [CChar](repeating: 0, count: 64)
            unsafe inet_ntop(AF_INET6, &bytes, &text, 64)
            let expected = String(decoding: text.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self)
            let address = IPAddress(plain)
            // The system writes the obsolete v4-compatible addresses in dotted decimal.
            if !expected.contains(".") { #expect(address?.description == expected) }
            #expect(IPAddress(expected) == address)
        }
    }

    @Test(arguments: [
        ("127.0.0.1", "L"), ("127.255.0.1", "L"), ("::1", "L"), ("10.0.0.1", "P"), ("172.16.0.1", "P"),
        ("172.31.255.255", "P"), ("172.32.0.1", ""), ("172.15.0.1", ""), ("192.168.5.5", "P"), ("192.169.0.1", ""),
        ("169.254.169.254", "K"), ("169.253.0.1", ""), ("fe80::1", "K"), ("febf::1", "K"), ("fec0::1", ""),
        ("fc00::1", "P"), ("fdff::1", "P"), ("fe00::1", ""), ("8.8.8.8", ""), ("2001:db8::1", ""), ("::", ""),
        ("::ffff:10.0.0.1", "P"), ("::2", ""), ("126.0.0.1", ""), ("11.0.0.1", ""),
    ])
    func addressesKnowTheirKind(text: String, kind: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.isLoopback == (kind == "L"))
        #expect(address.isPrivate == (kind == "P"))
        #expect(address.isLinkLocal == (kind == "K"))
        #expect(CIDR.privateNetworks.contains { $0.contains(address) } == !kind.isEmpty)
    }

    @Test func oneSubscriberIsOneNetwork() {
        #expect(IPAddress("2001:db8:1:2:3:4:5:6")?.network64() == IPAddress("2001:db8:1:2::"))
        #expect(IPAddress("10.1.2.3")?.network64() == IPAddress("10.1.2.3"))
    }

    @Test(arguments: [
        ("10.0.0.0/8", "10.0.0.0/8", "10.255.255.255", "11.0.0.0"), ("10.1.2.3/8", "10.0.0.0/8", "10.0.0.0", "9.9.9.9"),
        ("192.168.1.7", "192.168.1.7/32", "192.168.1.7", "192.168.1.8"), ("0.0.0.0/0", "0.0.0.0/0", "8.8.8.8", "::1"),
        ("::/0", "::/0", "ffff::1", "1.2.3.4"), ("fd00::/8", "fd00::/8", "fdff::", "fc00::"),
        ("2001:db8::1:2/64", "2001:db8::/64", "2001:db8::ffff:ffff:ffff:ffff", "2001:db8:0:1::"),
        ("2001:db8::/65", "2001:db8::/65", "2001:db8::7fff:0:0:0", "2001:db8::8000:0:0:0"),
        ("2001:db8::5", "2001:db8::5/128", "2001:db8::5", "2001:db8::4"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8", "10.9.9.9", "11.0.0.0"),
    ])
    func networksContainTheirAddresses(given: String, canonical: String, inside: String, outside: String) throws {
        let network = try CIDR(parsing: given)
        #expect(network.description == canonical)
        #expect(network.contains(try #require(IPAddress(inside))))
        #expect(!network.contains(try #require(IPAddress(outside))))
    }

    @Test(arguments: [
        "", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10/8", "10.0.0.0/-1", "10.0.0.0/8/8", "a/8",
        "10.0.0.0/+8", "::ffff:10.0.0.0/95",
    ])
    func whatIsNoNetworkIsNamed(text: String) {
        #expect(
            message { try CIDR(parsing: text) }
                == "invalid network \"\(text)\": expected an address or a network such as 10.0.0.0/8, 192.168.1.7 or "
                + "fd00::/8")
    }

    @Test(arguments: [
        (":80", "[::]:80"), ("*:80", "[::]:80"), ("0.0.0.0:80", "0.0.0.0:80"), ("[::]:0", "[::]:0"),
        ("localhost:8080", "127.0.0.1:8080"), ("[2001:DB8::1]:443", "[2001:db8::1]:443"),
    ])
    func listenAddressesAreRead(given: String, canonical: String) throws {
        let address = try SocketAddress(parsing: given)
        #expect(address.description == canonical)
        #expect(try SocketAddress(parsing: canonical) == address)
    }

    @Test(arguments: [
        "", "80", "host:80", ":", ":65536", ":-1", "::1:80", "[::1]", "[::1]80", "1.2.3.4", ":+80",
        "[1.2.3.4:80", "::ffff:1.2.3.4:80",
    ])
    func whatIsNoListenAddressIsNamed(text: String) {
        #expect(
            message { try SocketAddress(parsing: text) }?.hasPrefix("invalid address \"\(text)\": expected") == true)
    }
}
