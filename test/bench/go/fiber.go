package main

import (
	"bufio"
	"context"
	"net"

	"github.com/fasthttp/websocket"
	"github.com/gofiber/fiber/v3"

	"novasphere.dev/wukong-api/test/bench/go/gen/wukong"
)

// serveFiber is Fiber without middleware.
func serveFiber(listener net.Listener, payload *payload, hub *hub) error {
	return serveFiberWith(listener, stream{payload: payload, hub: hub})
}

// serveFiberShared is the same, with bytes that are made once for all streams.
func serveFiberShared(listener net.Listener, payload *payload, hub *hub) error {
	return serveFiberWith(listener, stream{payload: payload, hub: hub, shared: &sharedBytes{}})
}

func serveFiberWith(listener net.Listener, streams stream) error {
	payload := streams.payload
	app := fiber.New()
	app.Post(wukong.WukongService_GetWukong_FullMethodName, func(c fiber.Ctx) error {
		var ref plainRef
		if err := c.Bind().JSON(&ref); err != nil {
			return err
		}
		answer, found := payload.plainByRef[refKey(ref.Namespace, ref.Name)]
		if !found {
			return fiber.ErrNotFound
		}
		return c.JSON(answer)
	})
	app.Post(wukong.WukongService_ListWukongs_FullMethodName, func(c fiber.Ctx) error {
		return c.JSON(payload.plainList)
	})
	app.Get("/api/v1/namespaces/:namespace/wukongs/:name", func(c fiber.Ctx) error {
		answer, found := payload.plainByRef[refKey(c.Params("namespace"), c.Params("name"))]
		if !found {
			return fiber.ErrNotFound
		}
		return c.JSON(answer)
	})
	app.Get("/api/v1/wukongs", func(c fiber.Ctx) error {
		return c.JSON(payload.plainList)
	})
	// Its WebSocket middleware is this library, and knows its version 2 alone.
	var upgrader websocket.FastHTTPUpgrader
	messages := prepared[*websocket.PreparedMessage]{
		payload: payload,
		prepare: func(message []byte) (*websocket.PreparedMessage, error) {
			return websocket.NewPreparedMessage(websocket.TextMessage, message)
		},
	}
	app.Get("/api/v1/ws", func(c fiber.Ctx) error {
		return upgrader.Upgrade(c.RequestCtx(), func(conn *websocket.Conn) {
			defer conn.Close()
			_ = streams.runSocket(conn, func(event *wukong.WukongEvent) error {
				message, err := messages.find(event)
				if err != nil {
					return err
				}
				return conn.WritePreparedMessage(message)
			})
		})
	})
	app.Get("/api/v1/:collection", func(c fiber.Ctx) error {
		opened := streams
		opened.form = formOf(c.Get("Accept"))
		c.Set("Content-Type", opened.form.contentType())
		return c.SendStreamWriter(func(w *bufio.Writer) {
			// Its page ends a stream at the first flush that fails.
			_ = opened.run(context.Background(), w, w.Flush)
		})
	})
	return app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true})
}
