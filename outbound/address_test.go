package outbound

import (
	"net/netip"
	"testing"

	"farthing.dev/farthing/token"
)

func TestOnlyThePublicInternetIsReached(t *testing.T) {
	for _, test := range []struct {
		address          string
		public, homeward bool // permitted as a rule; permitted where private addresses are
	}{
		{"93.184.215.14", true, true}, {"8.8.8.8", true, true}, {"172.32.0.1", true, true}, {"100.128.0.1", true, true},
		{"2606:4700::1111", true, true}, {"2a00:1450::200e", true, true},
		{"64:ff9b::808:808", true, true}, // a public address behind NAT64
		{"::ffff:8.8.8.8", true, true},

		{"127.0.0.1", false, true}, {"127.8.9.10", false, true}, {"10.0.0.1", false, true}, {"172.16.0.1", false, true},
		{"172.31.255.255", false, true}, {"192.168.1.1", false, true}, {"100.64.0.1", false, true}, {"::1", false, true},
		{"fc00::1", false, true}, {"fdff:ffff::1", false, true}, {"::ffff:10.0.0.1", false, true}, {"::ffff:7f00:1", false, true},
		{"64:ff9b::7f00:1", false, true}, {"64:ff9b::a00:1", false, true},

		{"169.254.169.254", false, false}, {"169.254.0.1", false, false}, {"::ffff:169.254.169.254", false, false},
		{"64:ff9b::a9fe:a9fe", false, false}, {"fd00:ec2::254", false, false}, {"100.100.100.200", false, false},
		{"0.0.0.0", false, false}, {"0.1.2.3", false, false}, {"::", false, false}, {"::ffff:0.0.0.0", false, false},
		{"224.0.0.1", false, false}, {"239.255.255.255", false, false}, {"255.255.255.255", false, false}, {"240.0.0.1", false, false},
		{"ff02::1", false, false}, {"fe80::1", false, false}, {"fe80::1%eth0", false, false}, {"fec0::1", false, false},
		{"64:ff9b:1::a00:1", false, false}, {"::7f00:1", false, false}, {"100::1", false, false}, {"5f00::1", false, false},
		{"192.0.0.1", false, false}, {"192.0.2.1", false, false}, {"192.88.99.1", false, false}, {"198.18.0.1", false, false},
		{"198.51.100.1", false, false}, {"203.0.113.1", false, false}, {"2001::1", false, false}, {"2001:db8::1", false, false},
		{"2002:7f00:1::1", false, false}, {"2002:808:808::1", false, false}, {"3fff::1", false, false},
	} {
		address := netip.MustParseAddr(test.address)
		for _, one := range []struct {
			allow, want bool
		}{{false, test.public}, {true, test.homeward}} {
			err := check(address, one.allow)
			if (err == nil) != one.want {
				t.Errorf("%s with private addresses allowed %t: %v", test.address, one.allow, err)
			}
			if err != nil && token.CodeOf(err) != token.CodeURLNotPublic {
				t.Errorf("%s: code %q", test.address, token.CodeOf(err))
			}
		}
	}
}
