package main

import (
	"net"

	"github.com/gofiber/fiber/v3"

	"novasphere.dev/wukong-api/test/bench/go/gen/wukong"
)

// serveFiber is Fiber without middleware.
func serveFiber(listener net.Listener, payload *payload, _ *hub) error {
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
	return app.Listener(listener, fiber.ListenConfig{DisableStartupMessage: true})
}
