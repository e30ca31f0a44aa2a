// Package withsession reads sessions that with-session keeps in a cookie (token
// format 1). See docs/security.md for the format, and docs/migration.md for
// what such a reader cannot know.
package withsession

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

const (
	label    = "withSession/seal/v1"
	shortest = 102
	longest  = 4096
	skew     = 60
)

// Session is what a cookie holds. Times are in seconds since 1970.
type Session struct {
	User             string
	Data             map[string]json.RawMessage
	Created, Expires int64
}

// Read opens the value of a cookie; nil if it is no good session now. Any of
// the secrets may have sealed it; white space around a text does not belong to
// it. The name is that of the cookie, without the port that it may end in on
// localhost. The time is in seconds since 1970.
func Read(token string, secrets [][]byte, name string, now int64) *Session {
	if len(token) < shortest || len(token) > longest {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	// Only one spelling of each token is one.
	if err != nil || base64.RawURLEncoding.EncodeToString(raw) != token || raw[0] != 1 {
		return nil
	}
	keyID, salt, nonce, box := raw[1:5], raw[5:17], raw[17:29], raw[29:]
	for _, secret := range secrets {
		if !hmac.Equal(derive(secret, []byte("\x02kid"))[:4], keyID) {
			continue
		}
		info := append([]byte("\x01subkey"), salt...)
		info = append(append(info, sized("session")...), sized(name)...)
		block, err := aes.NewCipher(derive(secret, info))
		if err != nil {
			return nil
		}
		gcm, err := cipher.NewGCM(block)
		if err != nil {
			return nil
		}
		body, err := gcm.Open(nil, nonce, box, raw[:17])
		if err != nil {
			return nil
		}
		return parse(body, now)
	}
	return nil
}

func parse(body []byte, now int64) *Session {
	at := func(i int) int64 { return int64(binary.BigEndian.Uint32(body[i:])) }
	created, sealed, expires := at(1), at(5), at(9)
	// Flags are of a newer version.
	if body[0] != 0 || created > now+skew || sealed > now+skew || expires <= now {
		return nil
	}
	var values map[string]json.RawMessage
	text := body[29:]
	if !utf8.Valid(text) || json.Unmarshal(text, &values) != nil || values == nil {
		return nil
	}
	session := &Session{Data: values, Created: created, Expires: expires}
	if user, ok := values["~u"]; ok && json.Unmarshal(user, &session.User) != nil {
		return nil
	}
	for key := range values {
		// Keys with a tilde are the library's own.
		if strings.HasPrefix(key, "~") {
			delete(values, key)
		}
	}
	return session
}

// derive makes 32 bytes of a secret by HKDF-SHA-256 (RFC 5869), of which one
// round is enough.
func derive(secret, info []byte) []byte {
	key := mac([]byte(label), secret)
	return mac(key, bytes.Join([][]byte{[]byte(label), info, {1}}, nil))
}

func mac(key, text []byte) []byte {
	hash := hmac.New(sha256.New, key)
	hash.Write(text)
	return hash.Sum(nil)
}

func sized(part string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, uint16(len(part))), part...)
}
