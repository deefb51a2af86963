package sdk

import (
	"context"
	"os"
	"testing"
	"time"

	novasphere "github.com/kuihuar/novasphere-api/api/proto"
	"github.com/kuihuar/novasphere-api/api/proto/mock"
	"go.uber.org/mock/gomock"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

func connect(t *testing.T) novasphere.WukongServiceClient {
	t.Helper()
	address := os.Getenv("WUKONG_ADDRESS")
	if address == "" {
		t.Fatal("WUKONG_ADDRESS is not set: run `npm run test:sdk`")
	}
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { connection.Close() })
	return novasphere.NewWukongServiceClient(connection)
}

func bounded(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func create(t *testing.T, client novasphere.WukongServiceClient, name string) *novasphere.Wukong {
	t.Helper()
	response, err := client.CreateWukong(bounded(t), &novasphere.CreateWukongRequest{
		Wukong: &novasphere.Wukong{
			Name:      name,
			Namespace: "go",
			Spec: &novasphere.WukongSpec{
				Cpu:    2,
				Memory: "4Gi",
				Disks:  []*novasphere.Disk{{Name: "root", Size: "20Gi"}},
			},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return response.Wukong
}

// readUntil reads to the event of a type that is about a VM (empty: any), and returns its token.
func readUntil(
	t *testing.T,
	stream grpc.ServerStreamingClient[novasphere.WukongEvent],
	kind novasphere.WukongEvent_Type,
	name string,
) string {
	t.Helper()
	for {
		event, err := stream.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if event.Type == novasphere.WukongEvent_RESET {
			t.Fatal("the token was not taken")
		}
		if event.Type == kind && (name == "" || event.Wukong.GetName() == name) {
			return event.ResourceVersion
		}
	}
}

func TestAWatchResumesAfterACut(t *testing.T) {
	client := connect(t)
	create(t, client, "first")
	ctx, cut := context.WithCancel(bounded(t))
	stream, err := client.WatchWukong(ctx, &novasphere.WatchWukongRequest{Namespace: "go"})
	if err != nil {
		t.Fatal(err)
	}
	readUntil(t, stream, novasphere.WukongEvent_ADDED, "first")
	token := readUntil(t, stream, novasphere.WukongEvent_SYNCED, "")
	cut()
	create(t, client, "missed")
	again, err := client.WatchWukong(bounded(t), &novasphere.WatchWukongRequest{
		Namespace:       "go",
		ResourceVersion: token,
	})
	if err != nil {
		t.Fatal(err)
	}
	readUntil(t, again, novasphere.WukongEvent_ADDED, "missed")
}

func TestAnErrorCarriesItsReason(t *testing.T) {
	_, err := connect(t).GetWukong(bounded(t), &novasphere.GetWukongRequest{Name: "nobody"})
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			if info.Reason != "WUKONG_NOT_FOUND" || info.Domain != "novasphere.dev" {
				t.Fatalf("reason %s of %s", info.Reason, info.Domain)
			}
			return
		}
	}
	t.Fatalf("no ErrorInfo in %v", err)
}

// stopIfRunning is code under test: it calls through the interface that the mock has, too.
func stopIfRunning(ctx context.Context, client novasphere.WukongServiceClient, name string) (bool, error) {
	response, err := client.GetWukong(ctx, &novasphere.GetWukongRequest{Name: name})
	if err != nil || response.Wukong.Status.PowerState != novasphere.WukongStatus_RUNNING {
		return false, err
	}
	stopped, err := client.StopWukong(ctx, &novasphere.StopWukongRequest{Name: name})
	return stopped.GetChanged(), err
}

func TestCodeOfACallerRunsAgainstTheMock(t *testing.T) {
	client := mock.NewMockWukongServiceClient(gomock.NewController(t))
	running := &novasphere.Wukong{
		Status: &novasphere.WukongStatus{PowerState: novasphere.WukongStatus_RUNNING},
	}
	client.EXPECT().GetWukong(gomock.Any(), gomock.Any()).
		Return(&novasphere.GetWukongResponse{Wukong: running}, nil)
	client.EXPECT().StopWukong(gomock.Any(), gomock.Any()).
		Return(&novasphere.StopWukongResponse{Changed: true}, nil)
	if changed, err := stopIfRunning(context.Background(), client, "web"); err != nil || !changed {
		t.Fatal(changed, err)
	}
}
