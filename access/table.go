package access

// Action is what somebody wants to do.
type Action string

// Actions of people and programs over HTTP.
const (
	Public Action = "public" // pages, keys, the exchange of a link, signing in and out

	SellerAppointment Action = "seller.appointment" // read it and its calendar file
	SellerBook        Action = "seller.book"        // choose, move, cancel
	SellerQueue       Action = "seller.queue"       // join the instant queue, step away, leave it
	SellerPhoto       Action = "seller.photo"       // upload a photo that was announced in the call
	SellerRehearse    Action = "seller.rehearse"    // measure how fast the server's bytes come

	SellerDocuments Action = "seller.documents" // which ones are there
	SellerFile      Action = "seller.file"      // send one

	ManagerDesk   Action = "manager.desk"   // the own name and zone, the own hours
	ManagerHours  Action = "manager.hours"  // set the own hours
	ManagerStatus Action = "manager.status" // say whether the queue may call
	ManagerRooms  Action = "manager.rooms"  // list the own rooms
	ManagerCreate Action = "manager.create" // make a room
	ManagerRead   Action = "manager.read"   // a room, its documents and pictures
	ManagerChange Action = "manager.change" // links, cancel, reschedule

	AuditDesk     Action = "audit.desk"     // the own name and zone
	AuditRooms    Action = "audit.rooms"    // list decided rooms
	AuditView     Action = "audit.view"     // open a record, its files, recordings and clips
	AuditVerify   Action = "audit.verify"   // have a record checked
	AuditDownload Action = "audit.download" // take a record away
	AuditDecide   Action = "audit.decide"   // give an opinion on a verdict; it stands in the custody ledger
	AuditAppeal   Action = "audit.appeal"   // answer a seller who asked for another look; it stands in the custody ledger
	AuditSample   Action = "audit.sample"   // have rooms drawn at random
	AuditViews    Action = "audit.views"    // the own saved views
	AuditAgree    Action = "audit.agree"    // how auditors and managers agree

	OperateDesk   Action = "operate.desk"   // the own name and zone
	OperateWall   Action = "operate.wall"   // how calls, waiting sellers, managers and nodes stand; the rule sets
	OperateAccess Action = "operate.access" // what lets staff and programs in
	OperateRevoke Action = "operate.revoke" // end it

	OperateKeeping Action = "operate.keeping" // hold, release and erase evidence
	OperateKept    Action = "operate.kept"    // list what is kept, held and erased
	OperateDrain   Action = "operate.drain"   // let a node take no new calls
	SellerReceipt  Action = "seller.receipt"  // what is kept, until when

	SellerCode   Action = "seller.code"   // have a six-digit code mailed, and enter it
	SellerAppeal Action = "seller.appeal" // ask for another look at the outcome, have another call
	SellerKept   Action = "seller.kept"   // the own name, fields and pictures after the call; wants a code

	AccountRead   Action = "account.read"   // the own passkeys and sessions
	AccountChange Action = "account.change" // add and remove them

	KeyCreate    Action = "key.create" // make a room
	KeyList      Action = "key.list"   // find rooms
	KeyRead      Action = "key.read"   // a room's state and hashed ledger
	KeyEvidence  Action = "key.evidence"
	KeyHoursRead Action = "key.hours_read"
	KeyHoursSet  Action = "key.hours_set"
)

// Actions of a call.
const (
	SellerJoin   Action = "call.join_seller"
	ManagerJoin  Action = "call.join_manager"
	SendMedia    Action = "media.send"    // be heard and seen
	ReceiveMedia Action = "media.receive" // hear and see
)

// Say is the action of sending a message of that t in a call.
func Say(t string) Action { return Action("say." + t) }

// row says in which relations to the room each role may do an action; a role
// that is absent may not.
type row struct {
	public  bool // everybody, nobody too
	changes bool // it can change a room's record
	reason  bool // an operator has to say why

	seller, manager, test, observer, auditor, operator relation

	key   relation
	scope string // that a key needs
}

func (r row) of(role Role) relation {
	switch role {
	case Seller:
		return r.seller
	case Manager:
		return r.manager
	case TestManager:
		return r.test
	case Observer:
		return r.observer
	case Auditor:
		return r.auditor
	case Operator:
		return r.operator
	case Integrator:
		return r.key
	}
	return 0
}

// both is a message that either side of a call sends.
var (
	both        = row{seller: own, manager: own, test: own}
	bothChange  = row{seller: own, manager: own, test: own, changes: true}
	hostChange  = row{manager: own, test: own, changes: true}
	sellerSays  = row{seller: own}
	sellerLeads = row{seller: own, changes: true}
)

// table is the one table. An auditor never has a row that changes a record, and
// never own rooms; an operator sees evidence for a reason only.
var table = map[Action]row{
	Public: {public: true},

	SellerAppointment: {seller: own},
	SellerBook:        {seller: own, changes: true},
	SellerQueue:       {seller: own, changes: true},
	SellerPhoto:       {seller: own, changes: true},
	SellerRehearse:    {seller: own},

	SellerDocuments: {seller: own},
	SellerFile:      {seller: own, changes: true},

	ManagerDesk:   {manager: none, test: none},
	ManagerHours:  {manager: none},
	ManagerStatus: {manager: none},
	ManagerRooms:  {manager: none, test: none},
	ManagerCreate: {manager: none, changes: true},
	ManagerRead:   {manager: own, test: own},
	ManagerChange: {manager: own, test: own, changes: true},

	AuditDesk:     {auditor: none},
	AuditRooms:    {auditor: none},
	AuditView:     {auditor: others, operator: everyRoom, reason: true},
	AuditVerify:   {auditor: others, operator: everyRoom},
	AuditDownload: {auditor: others, operator: everyRoom, reason: true},

	AuditDecide: {auditor: others},
	AuditAppeal: {auditor: others},
	AuditSample: {auditor: none},
	AuditViews:  {auditor: none},
	AuditAgree:  {auditor: none, operator: none},

	OperateDesk:   {operator: none},
	OperateWall:   {operator: none},
	OperateAccess: {operator: none},
	OperateRevoke: {operator: none},

	OperateKeeping: {operator: everyRoom}, // says why itself, in the custody ledger
	OperateKept:    {operator: none},
	OperateDrain:   {operator: none},
	SellerReceipt:  {seller: own},

	SellerCode: {seller: own},
	SellerKept: {seller: own},

	SellerAppeal: {seller: own},

	AccountRead:   {manager: none, auditor: none, operator: none},
	AccountChange: {manager: none, auditor: none, operator: none},

	KeyCreate:    {key: none, scope: ScopeRooms, changes: true},
	KeyList:      {key: none, scope: ScopeRooms},
	KeyRead:      {key: others, scope: ScopeRooms},
	KeyEvidence:  {key: others, scope: ScopeEvidence},
	KeyHoursRead: {key: none, scope: ScopeCalendar},
	KeyHoursSet:  {key: none, scope: ScopeCalendar},

	SellerJoin:   {seller: own, changes: true},
	ManagerJoin:  {manager: own, test: own, changes: true},
	SendMedia:    both,
	ReceiveMedia: both,

	Say("hello"):   both,
	Say("offer"):   both,
	Say("mute"):    both,
	Say("quality"): both,
	Say("notice"):  bothChange,
	Say("chat"):    bothChange,
	Say("end"):     bothChange,

	Say("send_code"): bothChange,

	Say("check_code"):     sellerLeads,
	Say("withdraw"):       sellerLeads,
	Say("photo_announce"): sellerLeads,
	Say("photo_failed"):   sellerLeads,
	Say("device"):         sellerSays,

	Say("admit"):        hostChange,
	Say("step"):         hostChange,
	Say("step_result"):  hostChange,
	Say("capture"):      hostChange,
	Say("crop"):         hostChange,
	Say("compare"):      hostChange,
	Say("note"):         hostChange,
	Say("flag"):         hostChange,
	Say("verdict"):      hostChange,
	Say("allow_device"): hostChange,
	Say("command"):      hostChange,
}

// Actions lists what the table knows, in no order.
func Actions() []Action {
	actions := make([]Action, 0, len(table))
	for a := range table {
		actions = append(actions, a)
	}
	return actions
}
