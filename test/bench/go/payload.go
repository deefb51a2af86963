package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"novasphere.dev/wukong-api/test/bench/go/gen/wukong"
)

// payload is what every server of a run answers with.
type payload struct {
	// The contract's messages, for gRPC and Connect.
	list    *wukong.ListWukongsResponse
	byRef   map[string]*wukong.GetWukongResponse
	synced  *wukong.WukongEvent
	changed []*wukong.WukongEvent
	// The same in plain structs, for those that know JSON only.
	plainList  plainList
	plainByRef map[string]plainGet
	// What the contract's events are in plain structs.
	plainSynced  plainEvent
	plainChanged map[*wukong.WukongEvent]plainEvent
}

func refKey(namespace, name string) string { return namespace + "/" + name }

// readPayload reads the folder that the benchmark has written.
func readPayload(folder string) (*payload, error) {
	binary, err := os.ReadFile(filepath.Join(folder, "list.binpb"))
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(folder, "list.json"))
	if err != nil {
		return nil, err
	}
	p := &payload{
		list:       &wukong.ListWukongsResponse{},
		byRef:      map[string]*wukong.GetWukongResponse{},
		plainByRef: map[string]plainGet{},

		plainChanged: map[*wukong.WukongEvent]plainEvent{},
	}
	if err := proto.Unmarshal(binary, p.list); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(text, &p.plainList); err != nil {
		return nil, err
	}
	version := p.list.GetResourceVersion()
	p.synced = &wukong.WukongEvent{Type: wukong.WukongEvent_SYNCED, ResourceVersion: version}
	for place, vm := range p.list.GetWukongs() {
		p.byRef[refKey(vm.GetNamespace(), vm.GetName())] = &wukong.GetWukongResponse{Wukong: vm}
		changed := proto.CloneOf(vm)
		changed.Labels["bench"] = fmt.Sprintf("c%07d", place)
		p.changed = append(p.changed, &wukong.WukongEvent{
			Type:            wukong.WukongEvent_MODIFIED,
			Wukong:          changed,
			ResourceVersion: version,
			Time:            timestamppb.Now(),
		})
	}
	for place := range p.plainList.Wukongs {
		vm := &p.plainList.Wukongs[place]
		p.plainByRef[refKey(vm.Namespace, vm.Name)] = plainGet{Wukong: vm}
		event := p.changed[place]
		changed := *vm
		changed.Labels = event.GetWukong().GetLabels()
		p.plainChanged[event] = plainEvent{
			Type:            event.GetType().String(),
			Wukong:          &changed,
			ResourceVersion: version,
			Time:            event.GetTime().AsTime().Format(time.RFC3339Nano),
		}
	}
	p.plainSynced = plainEvent{Type: p.synced.GetType().String(), ResourceVersion: version}
	return p, nil
}

// burst gives the events of count changes; change n is of the VM at place n modulo all.
func (p *payload) burst(first, count int) []*wukong.WukongEvent {
	events := make([]*wukong.WukongEvent, count)
	for i := range events {
		events[i] = p.changed[(first+i)%len(p.changed)]
	}
	return events
}
