// Says what grpc-go makes of refusals, for test/conformance/grpc-refusals.conformance.ts.
//
// Reads lines of JSON from its standard input, each one a call; answers each with one line.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

type call struct {
	Address   string            `json:"address"`
	Authority string            `json:"authority"`
	Path      string            `json:"path"`
	Fields    map[string]string `json:"fields"`
	// Bytes of the request message.
	Size int `json:"size"`
}

type answer struct {
	Code    uint32 `json:"code"`
	Message string `json:"message"`
	Reason  string `json:"reason"`
}

func ask(c call) (answer, error) {
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if c.Authority != "" {
		options = append(options, grpc.WithAuthority(c.Authority))
	}
	connection, err := grpc.NewClient("passthrough:///"+c.Address, options...)
	if err != nil {
		return answer{}, err
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for name, value := range c.Fields {
		ctx = metadata.AppendToOutgoingContext(ctx, name, value)
	}
	request := wrapperspb.Bytes(make([]byte, c.Size))
	state := status.Convert(connection.Invoke(ctx, c.Path, request, &wrapperspb.BytesValue{}))
	result := answer{Code: uint32(state.Code()), Message: state.Message()}
	for _, detail := range state.Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			result.Reason = info.Reason
		}
	}
	return result, nil
}

func main() {
	output := json.NewEncoder(os.Stdout)
	input := bufio.NewScanner(os.Stdin)
	for input.Scan() {
		var c call
		if err := json.Unmarshal(input.Bytes(), &c); err != nil {
			panic(err)
		}
		result, err := ask(c)
		if err != nil {
			panic(err)
		}
		if err := output.Encode(result); err != nil {
			panic(err)
		}
	}
}
