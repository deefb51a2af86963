// Servers in Go that the benchmark holds this service against, each as its framework's first
// page shows it, all with the same messages. The benchmark starts one by its name.
package main

import (
	"errors"
	"fmt"
	"log"
	"net"
	"os"
)

// serve answers on the listener until the process ends.
type serve func(listener net.Listener, payload *payload, hub *hub) error

var servers = map[string]serve{
	"gin":          serveGin,
	"gin-shared":   serveGinShared,
	"chi":          serveChi,
	"echo":         serveEcho,
	"fiber":        serveFiber,
	"fiber-shared": serveFiberShared,
	"connect-go":   serveConnect,
	"grpc-go":      serveGRPC,
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(args []string) error {
	if len(args) != 2 {
		return errors.New("needed: the name of a server and the folder of the messages")
	}
	serve, known := servers[args[0]]
	if !known {
		return fmt.Errorf("no server is named %s", args[0])
	}
	payload, err := readPayload(args[1])
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	hub := newHub()
	go obey(os.NewFile(controlDescriptor, "control"), func(first, count int) {
		hub.publish(payload.burst(first, count))
	})
	fmt.Printf("http1 http://%[1]s\nhttp2 http://%[1]s\n", listener.Addr())
	return serve(listener, payload, hub)
}
