package main

// The resource as a service without the contract's code would write it down.

type plainList struct {
	Wukongs         []plainWukong `json:"wukongs,omitempty"`
	NextPageToken   string        `json:"nextPageToken,omitempty"`
	ResourceVersion string        `json:"resourceVersion,omitempty"`
}

type plainGet struct {
	Wukong *plainWukong `json:"wukong,omitempty"`
}

type plainRef struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

type plainWukong struct {
	Name            string            `json:"name,omitempty"`
	Namespace       string            `json:"namespace,omitempty"`
	Spec            *plainSpec        `json:"spec,omitempty"`
	Status          *plainStatus      `json:"status,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
	Annotations     map[string]string `json:"annotations,omitempty"`
	UID             string            `json:"uid,omitempty"`
	ResourceVersion string            `json:"resourceVersion,omitempty"`
	Generation      string            `json:"generation,omitempty"`
	CreateTime      string            `json:"createTime,omitempty"`
	DeleteTime      string            `json:"deleteTime,omitempty"`
}

type plainSpec struct {
	CPU           int                 `json:"cpu,omitempty"`
	Memory        string              `json:"memory,omitempty"`
	Disks         []plainDisk         `json:"disks,omitempty"`
	Networks      []plainNetwork      `json:"networks,omitempty"`
	OSImage       string              `json:"osImage,omitempty"`
	SSHKeySecret  string              `json:"sshKeySecret,omitempty"`
	StartStrategy *plainStartStrategy `json:"startStrategy,omitempty"`
}

type plainDisk struct {
	Name             string `json:"name,omitempty"`
	Size             string `json:"size,omitempty"`
	StorageClassName string `json:"storageClassName,omitempty"`
	Boot             bool   `json:"boot,omitempty"`
	Image            string `json:"image,omitempty"`
}

type plainNetwork struct {
	Name       string `json:"name,omitempty"`
	Type       string `json:"type,omitempty"`
	NADName    string `json:"nadName,omitempty"`
	VLANID     *int   `json:"vlanId,omitempty"`
	BridgeName string `json:"bridgeName,omitempty"`
}

type plainStartStrategy struct {
	RunStrategy string `json:"runStrategy,omitempty"`
	AutoStart   *bool  `json:"autoStart,omitempty"`
}

type plainStatus struct {
	Phase      string               `json:"phase,omitempty"`
	VMName     string               `json:"vmName,omitempty"`
	Conditions []plainCondition     `json:"conditions,omitempty"`
	NodeName   string               `json:"nodeName,omitempty"`
	Networks   []plainNetworkStatus `json:"networks,omitempty"`
	Volumes    []plainVolumeStatus  `json:"volumes,omitempty"`
	PowerState string               `json:"powerState,omitempty"`
}

type plainCondition struct {
	Type               string `json:"type,omitempty"`
	Status             string `json:"status,omitempty"`
	Reason             string `json:"reason,omitempty"`
	Message            string `json:"message,omitempty"`
	LastTransitionTime string `json:"lastTransitionTime,omitempty"`
	ObservedGeneration string `json:"observedGeneration,omitempty"`
}

type plainNetworkStatus struct {
	Name       string `json:"name,omitempty"`
	Interface  string `json:"interface,omitempty"`
	IPAddress  string `json:"ipAddress,omitempty"`
	MACAddress string `json:"macAddress,omitempty"`
	NADName    string `json:"nadName,omitempty"`
}

type plainVolumeStatus struct {
	Name    string `json:"name,omitempty"`
	PVCName string `json:"pvcName,omitempty"`
	Bound   bool   `json:"bound,omitempty"`
	Size    string `json:"size,omitempty"`
}

type plainEvent struct {
	Type            string       `json:"type,omitempty"`
	Wukong          *plainWukong `json:"wukong,omitempty"`
	ResourceVersion string       `json:"resourceVersion,omitempty"`
	Time            string       `json:"time,omitempty"`
}
