package main

import (
	"net"
	"net/http"

	"github.com/labstack/echo/v5"

	"novasphere.dev/wukong-api/test/bench/go/gen/wukong"
)

// serveEcho is Echo without middleware.
func serveEcho(listener net.Listener, payload *payload, _ *hub) error {
	router := echo.New()
	router.POST(wukong.WukongService_GetWukong_FullMethodName, func(c *echo.Context) error {
		var ref plainRef
		if err := c.Bind(&ref); err != nil {
			return err
		}
		answer, found := payload.plainByRef[refKey(ref.Namespace, ref.Name)]
		if !found {
			return echo.ErrNotFound
		}
		return c.JSON(http.StatusOK, answer)
	})
	router.POST(wukong.WukongService_ListWukongs_FullMethodName, func(c *echo.Context) error {
		return c.JSON(http.StatusOK, payload.plainList)
	})
	router.GET("/api/v1/namespaces/:namespace/wukongs/:name", func(c *echo.Context) error {
		answer, found := payload.plainByRef[refKey(c.Param("namespace"), c.Param("name"))]
		if !found {
			return echo.ErrNotFound
		}
		return c.JSON(http.StatusOK, answer)
	})
	router.GET("/api/v1/wukongs", func(c *echo.Context) error {
		return c.JSON(http.StatusOK, payload.plainList)
	})
	return http.Serve(listener, router)
}
