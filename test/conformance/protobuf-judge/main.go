// Says what protobuf-go makes of documents, for test/conformance/protobuf.conformance.ts.
//
// Reads lines of JSON from its standard input. The first one is a google.protobuf.FileDescriptorSet
// in base64; each other one is a document, and is answered with one line.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// A document, and what someone else has made of it.
type question struct {
	Type string `json:"type"`
	// "json" or "binary".
	Form  string `json:"form"`
	Bytes []byte `json:"bytes"`
	// In binary form; null: they have refused it.
	Theirs []byte `json:"theirs"`
}

type answer struct {
	// Why it is refused; empty: it is not.
	Refusal string `json:"refusal"`
	// Both have made the same message of it.
	Same bool `json:"same"`
	// In canonical form; empty where it is refused.
	Bytes []byte `json:"bytes"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	if !lines.Scan() {
		return fmt.Errorf("no descriptors: %v", lines.Err())
	}
	types, err := typesOf(lines.Bytes())
	if err != nil {
		return err
	}
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	answers := json.NewEncoder(out)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			return err
		}
		given, err := judge(types, asked)
		if err != nil {
			return err
		}
		if err := answers.Encode(given); err != nil {
			return err
		}
	}
	return lines.Err()
}

func typesOf(line []byte) (*dynamicpb.Types, error) {
	var encoded []byte
	if err := json.Unmarshal(line, &encoded); err != nil {
		return nil, err
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(encoded, &set); err != nil {
		return nil, err
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		return nil, err
	}
	return dynamicpb.NewTypes(files), nil
}

func judge(types *dynamicpb.Types, asked question) (answer, error) {
	kind, err := types.FindMessageByName(protoreflect.FullName(asked.Type))
	if err != nil {
		return answer{}, err
	}
	ours := kind.New().Interface()
	if err := decode(types, asked.Form, asked.Bytes, ours); err != nil {
		return answer{Refusal: err.Error()}, nil
	}
	canonical, err := encode(ours)
	if err != nil {
		// Some faults it only sees then.
		return answer{Refusal: err.Error()}, nil
	}
	theirs := kind.New().Interface()
	if asked.Theirs == nil || decode(types, "binary", asked.Theirs, theirs) != nil {
		return answer{Bytes: canonical}, nil
	}
	other, err := encode(theirs)
	return answer{Bytes: canonical, Same: err == nil && bytes.Equal(withOneNaN(canonical), withOneNaN(other))}, nil
}

// Go's NaN has its lowest bit set, JavaScript's has not; both say the same.
func withOneNaN(encoded []byte) []byte {
	return bytes.ReplaceAll(encoded, []byte("\x01\x00\x00\x00\x00\x00\xf8\x7f"), []byte("\x00\x00\x00\x00\x00\x00\xf8\x7f"))
}

type resolver interface {
	protoregistry.MessageTypeResolver
	protoregistry.ExtensionTypeResolver
}

func decode(types resolver, form string, data []byte, into proto.Message) (err error) {
	// The key of a map's entry that comes with another wire type is one that protobuf-go panics over.
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("panic: %v", fault)
		}
	}()
	if form == "json" {
		return protojson.UnmarshalOptions{Resolver: types, AllowPartial: true}.Unmarshal(data, into)
	}
	return proto.UnmarshalOptions{Resolver: types, AllowPartial: true, DiscardUnknown: true}.Unmarshal(data, into)
}

func encode(message proto.Message) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true, AllowPartial: true}.Marshal(message)
}
