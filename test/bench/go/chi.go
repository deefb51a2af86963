package main

import (
	"encoding/json"
	"net"
	"net/http"

	"github.com/go-chi/chi/v5"

	"novasphere.dev/wukong-api/test/bench/go/gen/wukong"
)

// serveChi is Chi without middleware; it leaves JSON to the standard library.
func serveChi(listener net.Listener, payload *payload, _ *hub) error {
	router := chi.NewRouter()
	router.Post(wukong.WukongService_GetWukong_FullMethodName, func(w http.ResponseWriter, r *http.Request) {
		var ref plainRef
		if err := json.NewDecoder(r.Body).Decode(&ref); err != nil {
			http.Error(w, http.StatusText(http.StatusBadRequest), http.StatusBadRequest)
			return
		}
		answer, found := payload.plainByRef[refKey(ref.Namespace, ref.Name)]
		if !found {
			http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
			return
		}
		writeJSON(w, answer)
	})
	router.Post(wukong.WukongService_ListWukongs_FullMethodName, func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, payload.plainList)
	})
	router.Get("/api/v1/namespaces/{namespace}/wukongs/{name}", func(w http.ResponseWriter, r *http.Request) {
		answer, found := payload.plainByRef[refKey(chi.URLParam(r, "namespace"), chi.URLParam(r, "name"))]
		if !found {
			http.Error(w, http.StatusText(http.StatusNotFound), http.StatusNotFound)
			return
		}
		writeJSON(w, answer)
	})
	router.Get("/api/v1/wukongs", func(w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, payload.plainList)
	})
	return http.Serve(listener, router)
}

func writeJSON(w http.ResponseWriter, answer any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}
