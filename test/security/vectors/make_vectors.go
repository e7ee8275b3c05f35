// Command make_vectors writes vectors.json with the NATS project's own libraries, so that the tests
// of security/ read what real tools write. Run it in a module that has github.com/nats-io/jwt/v2 and
// github.com/nats-io/nkeys: go run make_vectors.go > vectors.json
// All keys are test keys whose seeds are in the file; nothing may ever trust them.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func pair(kind nkeys.PrefixByte, first byte) nkeys.KeyPair {
	raw := make([]byte, 32)
	for i := range raw {
		raw[i] = first + byte(i)
	}
	return must(nkeys.FromSeed(must(nkeys.EncodeSeed(kind, raw))))
}

func public(kp nkeys.KeyPair) string { return must(kp.PublicKey()) }
func seed(kp nkeys.KeyPair) string   { return string(must(kp.Seed())) }

// Version 1 as its library wrote it: the signature covers the payload alone.
func v1(kp nkeys.KeyPair, claims map[string]any) string {
	enc := base64.RawURLEncoding.EncodeToString
	payload := enc(must(json.Marshal(claims)))
	sig := must(kp.Sign([]byte(payload)))
	return enc([]byte(`{"typ":"jwt","alg":"ed25519"}`)) + "." + payload + "." + enc(sig)
}

func main() {
	op := pair(nkeys.PrefixByteOperator, 0)
	opSign := pair(nkeys.PrefixByteOperator, 1)
	acc := pair(nkeys.PrefixByteAccount, 2)
	accSign := pair(nkeys.PrefixByteAccount, 3)
	accScope := pair(nkeys.PrefixByteAccount, 4)
	other := pair(nkeys.PrefixByteAccount, 5)
	usr := pair(nkeys.PrefixByteUser, 6)
	srv := pair(nkeys.PrefixByteServer, 7)

	out := map[string]string{
		"operator_seed": seed(op), "operator_signing_seed": seed(opSign),
		"account_seed": seed(acc), "account_signing_seed": seed(accSign),
		"account_scope_seed": seed(accScope), "other_account_seed": seed(other),
		"user_seed": seed(usr), "server_seed": seed(srv),
	}
	sign := func(name string, c jwt.Claims, kp nkeys.KeyPair) {
		out[name] = must(c.Encode(kp))
		out[name+"_jti"] = c.Claims().ID
	}

	oc := jwt.NewOperatorClaims(public(op))
	oc.Name = "Test <Operator> & Söhne"
	oc.SigningKeys.Add(public(opSign))
	oc.SystemAccount = public(other)
	oc.AccountServerURL = "https://accounts.example.com/jwt/v1"
	oc.OperatorServiceURLs.Add("nats://a.example.com:4222")
	oc.Tags.Add("Region:EU")
	oc.AssertServerVersion = "2.9.0"
	sign("operator", oc, op)

	ac := jwt.NewAccountClaims(public(acc))
	ac.Name = "A"
	ac.Tags.Add("team:blue", "dept:sales")
	ac.Limits.Conn = 100
	ac.Limits.Subs = 1000
	ac.Limits.DiskStorage = -1
	ac.SigningKeys.Add(public(accSign))
	scope := jwt.NewUserScope()
	scope.Key = public(accScope)
	scope.Role = "reader"
	scope.Description = "may read its own"
	scope.Template.Sub.Allow.Add("user.{{name()}}.>", "team.{{tag(team)}}.{{account-tag(dept)}}")
	scope.Template.Pub.Allow.Add("req.{{subject()}}", "acc.{{account-name()}}.{{account-subject()}}")
	scope.Template.Pub.Deny.Add("secret.>")
	scope.Template.Resp = &jwt.ResponsePermission{MaxMsgs: 2, Expires: time.Minute}
	scope.Template.Payload = 1024
	ac.SigningKeys.AddScopedSigner(scope)
	ac.Exports.Add(&jwt.Export{Name: "stream", Subject: "orders.>", Type: jwt.Stream, TokenReq: true,
		Revocations: jwt.RevocationList{public(other): 1000},
		Info:        jwt.Info{Description: "all orders", InfoURL: "https://example.com/orders"}})
	ac.Exports.Add(&jwt.Export{Name: "service", Subject: "time.*", Type: jwt.Service,
		ResponseType: jwt.ResponseTypeStream, ResponseThreshold: 5 * time.Second,
		Latency:              &jwt.ServiceLatency{Sampling: jwt.Headers, Results: "latency.time"},
		AccountTokenPosition: 2, AllowTrace: true, Advertise: true})
	ac.Revocations = jwt.RevocationList{"*": 5, public(usr): 7}
	ac.DefaultPermissions.Pub.Deny.Add("internal.>")
	ac.Mappings = jwt.Mapping{"old.*": {{Subject: "new.$1", Weight: 60}, {Subject: "newer.$1", Cluster: "east"}}}
	ac.Trace = &jwt.MsgTrace{Destination: "traces", Sampling: 25}
	ac.ClusterTraffic = jwt.ClusterTrafficOwner
	ac.Description = "an account"
	sign("account", ac, opSign)

	act := jwt.NewActivationClaims(public(other))
	act.Name = "orders for other"
	act.ImportSubject = "orders.>"
	act.ImportType = jwt.Stream
	sign("activation", act, acc)
	act = jwt.NewActivationClaims(public(other))
	act.ImportSubject = "orders.eu.>"
	act.ImportType = jwt.Stream
	act.IssuerAccount = public(acc)
	sign("activation_by_signing_key", act, accSign)

	oa := jwt.NewAccountClaims(public(other))
	oa.Name = "Other"
	oa.Imports.Add(&jwt.Import{Name: "orders", Subject: "orders.eu.>", Account: public(acc),
		Token: out["activation"], LocalSubject: "mine.>", Type: jwt.Stream, AllowTrace: true})
	oa.Imports.Add(&jwt.Import{Subject: "local.time", To: "time.x", Account: public(acc), Type: jwt.Service, Share: true})
	oa.Authorization.AuthUsers.Add(public(usr))
	oa.Authorization.AllowedAccounts.Add("*")
	sign("other_account", oa, op)

	uc := jwt.NewUserClaims(public(usr))
	uc.Name = "bob"
	uc.Audience = "x"
	uc.Expires = 4102444800
	uc.NotBefore = 1000
	uc.Tags.Add("team:red", "team:green")
	uc.Pub.Allow.Add("a.>")
	uc.Pub.Deny.Add("a.b")
	uc.Sub.Allow.Add("c.> q", "_INBOX.>")
	uc.Resp = &jwt.ResponsePermission{MaxMsgs: 5, Expires: time.Second}
	uc.Src.Add("192.0.2.0/24", "2001:db8::/32")
	uc.Times = []jwt.TimeRange{{Start: "08:00:00", End: "18:30:00"}}
	uc.Locale = "Europe/Berlin"
	uc.Limits.NatsLimits = jwt.NatsLimits{Subs: 10, Data: 20, Payload: 30}
	uc.BearerToken = true
	uc.AllowedConnectionTypes.Add("STANDARD", "WEBSOCKET")
	uc.ProxyRequired = true
	sign("user", uc, acc)

	uc = jwt.NewUserClaims(public(usr))
	uc.Name = "plain"
	sign("plain_user", uc, acc)
	out["creds"] = string(must(jwt.FormatUserConfig(out["plain_user"], must(usr.Seed()))))
	out["decorated_account"] = string(must(jwt.DecorateJWT(out["account"])))
	out["decorated_account_seed"] = string(must(jwt.DecorateSeed(must(acc.Seed()))))

	uc = jwt.NewUserClaims(public(usr))
	uc.Name = "bob"
	uc.Tags.Add("team:red", "team:green")
	uc.IssuerAccount = public(acc)
	uc.SetScoped(true)
	sign("scoped_user", uc, accScope)

	rq := jwt.NewAuthorizationRequestClaims(public(acc))
	rq.Audience = "nats-authorization-request"
	rq.Server = jwt.ServerID{Name: "n1", Host: "127.0.0.1", ID: public(srv), Version: "2.15.1", Tags: jwt.TagList{"a"}}
	rq.UserNkey = public(usr)
	rq.ClientInformation = jwt.ClientInformation{Host: "192.0.2.1", ID: 7, Kind: "Client", Type: "nats", Nonce: "abc"}
	rq.ConnectOptions = jwt.ConnectOptions{Username: "u", Password: "p", Lang: "go", Version: "1.0", Protocol: 1}
	rq.TLS = &jwt.ClientTLS{Version: "1.3", Cipher: "TLS_AES_128_GCM_SHA256",
		VerifiedChains: []jwt.StringList{{"PEM"}}}
	sign("authorization_request", rq, srv)

	rs := jwt.NewAuthorizationResponseClaims(public(usr))
	rs.Audience = public(srv)
	rs.Jwt = out["plain_user"]
	sign("authorization_response", rs, acc)

	gc := jwt.NewGenericClaims(public(op))
	gc.Data["accounts"] = []string{public(acc)}
	sign("generic", gc, op)

	out["v1_operator"] = v1(op, map[string]any{"jti": "x", "iat": 1000, "iss": public(op), "name": "O",
		"sub": public(op), "type": "operator", "nats": map[string]any{"signing_keys": []string{public(opSign)}}})
	out["v1_account"] = v1(op, map[string]any{"iat": 1000, "iss": public(op), "name": "A1", "sub": public(acc),
		"type": "account", "tags": []string{"old"}, "nats": map[string]any{
			"limits":       map[string]any{"subs": -1, "conn": -1, "leaf": -1, "imports": -1, "exports": -1, "data": -1, "payload": -1, "wildcards": true},
			"signing_keys": []string{public(accSign)}}})
	out["v1_user"] = v1(accSign, map[string]any{"iat": 1000, "iss": public(accSign), "name": "u1", "sub": public(usr),
		"type": "user", "issuer_account": public(acc), "nats": map[string]any{"pub": map[string]any{"allow": []string{"x"}}, "max": 3}})
	out["v1_activation"] = v1(acc, map[string]any{"iat": 1000, "iss": public(acc), "sub": public(other),
		"type": "activation", "nats": map[string]any{"subject": "orders.>", "type": "stream"}})

	for _, name := range []string{"operator", "account", "user", "v1_operator", "v1_account", "v1_user", "v1_activation"} {
		if _, err := jwt.Decode(out[name]); err != nil {
			panic(fmt.Sprintf("%s: %v", name, err))
		}
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(out); err != nil {
		panic(err)
	}
}
