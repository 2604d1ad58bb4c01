package login

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"net/http"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

// key is a passkey in software, with what an attacker could change about it.
type key struct {
	t      *testing.T
	id     []byte
	handle []byte
	secret *ecdsa.PrivateKey
	count  uint32
	origin string // of the page that asks
	party  string // the relying party it signs for
	flags  byte
}

// The flags of authenticator data: the user is there, is verified, and a credential
// follows.
const (
	present  = 0x01
	verified = 0x04
	attested = 0x40
)

func newKey(t *testing.T, origin string) *key {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	id := make([]byte, 32)
	rand.Read(id)
	return &key{t: t, id: id, secret: secret, origin: origin, party: "localhost", flags: present | verified}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// data is the authenticator data, with the credential where it is made.
func (k *key) data(made bool) []byte {
	party := sha256.Sum256([]byte(k.party))
	flags := k.flags
	if made {
		flags |= attested
	}
	out := binary.BigEndian.AppendUint32(append(party[:], flags), k.count)
	if !made {
		return out
	}
	out = append(out, make([]byte, 16)...)
	out = append(binary.BigEndian.AppendUint16(out, uint16(len(k.id))), k.id...)
	point, err := k.secret.PublicKey.Bytes()
	must(k.t, err)
	public, err := cbor.Marshal(map[int]any{1: 2, 3: -7, -1: 1, -2: point[1:33], -3: point[33:]})
	must(k.t, err)
	return append(out, public...)
}

func (k *key) client(kind, challenge string) []byte {
	text, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": k.origin, "crossOrigin": false})
	must(k.t, err)
	return text
}

func (k *key) answer(response map[string]any) string {
	text, err := json.Marshal(map[string]any{"id": b64(k.id), "rawId": b64(k.id), "type": "public-key", "response": response, "clientExtensionResults": map[string]any{}})
	must(k.t, err)
	return string(text)
}

// make answers the options for a new passkey.
func (k *key) make(options string) string {
	var asked struct {
		Challenge string
		User      struct{ ID string }
	}
	must(k.t, json.Unmarshal([]byte(options), &asked))
	var err error
	k.handle, err = base64.RawURLEncoding.DecodeString(asked.User.ID)
	must(k.t, err)
	object, err := cbor.Marshal(map[string]any{"fmt": "none", "attStmt": map[string]any{}, "authData": k.data(true)})
	must(k.t, err)
	return k.answer(map[string]any{"clientDataJSON": b64(k.client("webauthn.create", asked.Challenge)), "attestationObject": b64(object)})
}

// sign answers the options of a login.
func (k *key) sign(options string) string {
	var asked struct{ Challenge string }
	must(k.t, json.Unmarshal([]byte(options), &asked))
	k.count++
	data, client := k.data(false), k.client("webauthn.get", asked.Challenge)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(append([]byte(nil), data...), hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.secret, sum[:])
	must(k.t, err)
	return k.answer(map[string]any{
		"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signature), "userHandle": b64(k.handle),
	})
}

// passkey adds a passkey to the login of the person.
func (p *person) passkey(name string) *key {
	p.t.Helper()
	k := newKey(p.t, p.base)
	options := p.post(settings+"/passkeys/options").says(p.t, http.StatusOK)
	p.post(settings+"/passkeys", "name", name, "answer", k.make(options.body)).leads(p.t, settings)
	return k
}

// touch logs in with a passkey.
func (p *person) touch(k *key) answer {
	p.t.Helper()
	options := p.post("/login/passkey/options").says(p.t, http.StatusOK)
	return p.post("/login/passkey", "answer", k.sign(options.body))
}

// What is under way in one person's browser is nothing in another's.
func TestAnAuthenticatorUnderWayIsItsOwnersOnly(t *testing.T) {
	h := open(t)
	owner, eve := h.member(), h.eve()
	owner.post(settings+"/authenticator").leads(t, settings+"/authenticator")
	owner.get(settings+"/authenticator").says(t, http.StatusOK)
	eve.plant("farthing-attempt", owner.cookie("farthing-attempt"))
	eve.get(settings+"/authenticator").leads(t, settings)
	eve.post(settings+"/authenticator/confirm", "code", "000000").says(t, http.StatusUnauthorized, "begin again")
}
