package main

import (
	"net"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"

	"novasphere.dev/wukong-api/test/bench/go/gen/wukong"
)

// serveGin is Gin with its logger, which writes a line for each call.
func serveGin(listener net.Listener, payload *payload, _ *hub) error {
	gin.SetMode(gin.ReleaseMode)
	gin.DefaultWriter = os.Stderr
	engine := gin.Default()
	engine.POST(wukong.WukongService_GetWukong_FullMethodName, func(c *gin.Context) {
		var ref plainRef
		if err := c.ShouldBindJSON(&ref); err != nil {
			c.AbortWithStatus(http.StatusBadRequest)
			return
		}
		answer, found := payload.plainByRef[refKey(ref.Namespace, ref.Name)]
		if !found {
			c.AbortWithStatus(http.StatusNotFound)
			return
		}
		c.JSON(http.StatusOK, answer)
	})
	engine.POST(wukong.WukongService_ListWukongs_FullMethodName, func(c *gin.Context) {
		c.JSON(http.StatusOK, payload.plainList)
	})
	return engine.RunListener(listener)
}
