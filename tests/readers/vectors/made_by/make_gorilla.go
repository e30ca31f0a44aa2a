// Makes gorilla.json: what securecookie keeps in cookies.
package main

import (
	"encoding/json"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/gorilla/securecookie"
)

const name = "shop"

var (
	hashKey  = []byte("a hash key of sixty-four bytes, as the manual says: 0123456789.")
	blockKey = []byte("a block key of 32 bytes: 0123456")
	short    = []byte("16 bytes for AES")
	older    = []byte("the hash key of the year before")
)

type values = map[string]interface{}

func codec(hash, block []byte) *securecookie.SecureCookie {
	return securecookie.New(hash, block).SetSerializer(securecookie.JSONEncoder{})
}

func unbounded() *securecookie.SecureCookie {
	codec := codec(hashKey, nil)
	codec.MaxLength(0)
	return codec
}

func encode(codec *securecookie.SecureCookie, name string, value interface{}) string {
	text, err := codec.Encode(name, value)
	if err != nil {
		panic(err)
	}
	return text
}

func main() {
	long := values{"x": strings.Repeat("x", 4000)}
	data := values{"user": "ada", "cart": []interface{}{1, values{"n": 2}, "ü € 😀"}}
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", "  ")
	out.Encode(values{
		"made_by":  "gorilla/securecookie 1.1.1, " + runtime.Version(),
		"at":       time.Now().Unix(),
		"name":     name,
		"hashKey":  string(hashKey),
		"blockKey": string(blockKey),
		"short":    string(short),
		"older":    string(older),
		"data":     data,
		"good": values{
			"signed":     encode(codec(hashKey, nil), name, data),
			"encrypted":  encode(codec(hashKey, blockKey), name, data),
			"AES-128":    encode(codec(hashKey, short), name, data),
			"older":      encode(codec(older, nil), name, data),
			"other name": encode(codec(hashKey, nil), "other", data),
			"another":    encode(codec(hashKey, nil), name, values{"user": "bob"}),
			"empty":      encode(codec(hashKey, blockKey), name, values{}),
		},
		"bad": values{
			"gob":                       encode(securecookie.New(hashKey, nil), name, map[interface{}]interface{}{"user": "ada"}),
			"more than a browser keeps": encode(unbounded(), name, long),
			"list":                      encode(codec(hashKey, nil), name, []int{1}),
			"text":                      encode(codec(hashKey, nil), name, "ada"),
			"no JSON":                   encode(securecookie.New(hashKey, nil).SetSerializer(securecookie.NopEncoder{}), name, []byte("{")),
			"no text":                   encode(securecookie.New(hashKey, blockKey).SetSerializer(securecookie.NopEncoder{}), name, []byte{}),
		},
	})
}
