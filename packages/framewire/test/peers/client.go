// The client nhooyr.io/websocket: sends the messages of a file, and compares the echoes.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"log"
	"os"
	"strings"

	"nhooyr.io/websocket"
)

type message struct {
	kind    websocket.MessageType
	content []byte
}

func messages(path string) []message {
	file, err := os.ReadFile(path)
	check(err)
	var list []message
	for _, line := range strings.Split(strings.TrimSuffix(string(file), "\n"), "\n") {
		kind, encoded, _ := strings.Cut(line, " ")
		content, err := base64.StdEncoding.DecodeString(encoded)
		check(err)
		if kind == "text" {
			list = append(list, message{websocket.MessageText, content})
		} else {
			list = append(list, message{websocket.MessageBinary, content})
		}
	}
	return list
}

func main() {
	ctx := context.Background()
	sent := messages(os.Args[2])
	ws, response, err := websocket.Dial(ctx, os.Args[1], &websocket.DialOptions{
		CompressionMode:      websocket.CompressionContextTakeover,
		CompressionThreshold: 1,
	})
	check(err)
	ws.SetReadLimit(1 << 30)
	go func() {
		for _, each := range sent {
			check(ws.Write(ctx, each.kind, each.content))
		}
	}()
	wrong := 0
	for _, each := range sent {
		kind, content, err := ws.Read(ctx)
		check(err)
		if kind != each.kind || !bytes.Equal(content, each.content) {
			wrong++
		}
	}
	check(ws.Close(websocket.StatusNormalClosure, ""))
	extension, _, _ := strings.Cut(response.Header.Get("Sec-WebSocket-Extensions"), ";")
	check(json.NewEncoder(os.Stdout).Encode(map[string]any{
		"extensions": extension, "came": len(sent), "wrong": wrong, "code": 1000,
	}))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
