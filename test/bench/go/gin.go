package main

import (
	"net"
	"net/http"
	"os"

	"github.com/gin-gonic/gin"
	"github.com/gorilla/websocket"

	"novasphere.dev/wukong-api/test/bench/go/gen/wukong"
)

// serveGin is Gin with its logger, which writes a line for each call.
func serveGin(listener net.Listener, payload *payload, hub *hub) error {
	return serveGinWith(listener, stream{payload: payload, hub: hub})
}

// serveGinShared is the same, with bytes that are made once for all streams.
func serveGinShared(listener net.Listener, payload *payload, hub *hub) error {
	return serveGinWith(listener, stream{payload: payload, hub: hub, shared: &sharedBytes{}})
}

func serveGinWith(listener net.Listener, streams stream) error {
	payload := streams.payload
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
	engine.GET("/api/v1/namespaces/:namespace/wukongs/:name", func(c *gin.Context) {
		answer, found := payload.plainByRef[refKey(c.Param("namespace"), c.Param("name"))]
		if !found {
			c.AbortWithStatus(http.StatusNotFound)
			return
		}
		c.JSON(http.StatusOK, answer)
	})
	engine.GET("/api/v1/wukongs", func(c *gin.Context) {
		c.JSON(http.StatusOK, payload.plainList)
	})
	// Colons begin parameters here; the one path that is asked for is that of the watch.
	engine.GET("/api/v1/:collection", func(c *gin.Context) {
		opened := streams
		opened.form = formOf(c.GetHeader("accept"))
		c.Header("Content-Type", opened.form.contentType())
		_ = opened.run(c.Request.Context(), c.Writer, func() error {
			c.Writer.Flush()
			return nil
		})
	})
	// As its examples have it: the upgrader of Gorilla on what Gin has of net/http.
	var upgrader websocket.Upgrader
	messages := prepared[*websocket.PreparedMessage]{
		payload: payload,
		prepare: func(message []byte) (*websocket.PreparedMessage, error) {
			return websocket.NewPreparedMessage(websocket.TextMessage, message)
		},
	}
	engine.GET("/api/v1/ws", func(c *gin.Context) {
		conn, err := upgrader.Upgrade(c.Writer, c.Request, nil)
		if err != nil {
			return
		}
		defer conn.Close()
		_ = streams.runSocket(conn, func(event *wukong.WukongEvent) error {
			message, err := messages.find(event)
			if err != nil {
				return err
			}
			return conn.WritePreparedMessage(message)
		})
	})
	return engine.RunListener(listener)
}
