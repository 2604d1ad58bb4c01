package staff

// The roles. A higher one may do all that a lower one may, see Permissions.
const (
	Operator       Role = "operator"       // everything, staff and policy too
	Supervisor     Role = "supervisor"     // sees the books and the log, and approves what others ask
	Representative Role = "representative" // looks readers up, and asks
)

// Roles returns every role, the highest first.
func Roles() []Role { return []Role{Operator, Supervisor, Representative} }

// Level orders the roles, as the core counts them: 3 for an operator, 0 for none.
func (r Role) Level() uint8 {
	for i, role := range Roles() {
		if r == role {
			return uint8(len(Roles()) - i)
		}
	}
	return 0
}

// RoleOf returns the role of a level, "" for none.
func RoleOf(level uint8) Role {
	for _, role := range Roles() {
		if role.Level() == level {
			return role
		}
	}
	return ""
}

// Permission is something that staff may do.
type Permission string

// The permissions.
const (
	LookUp      Permission = "look readers up, which is logged, and which the reader sees"
	Ask         Permission = "ask for deposits, bounds, freezing and opening; operators have them done at once where nobody else is needed"
	SeeRequests Permission = "see what waits for a second person"
	SeeBooks    Permission = "see the overview and all shops"
	ReadLog     Permission = "read the staff log"
	Approve     Permission = "approve or refuse what others ask"
	Deliveries  Permission = "see what could not be sent, have it tried again, and drop it"
	ManageStaff Permission = "say what needs a second person, add and remove staff, make and revoke keys"
)

// Permissions is the one table of who may what: each permission with the lowest role that has it.
func Permissions() []Granted {
	return []Granted{{LookUp, Representative}, {Ask, Representative}, {SeeRequests, Representative},
		{SeeBooks, Supervisor}, {ReadLog, Supervisor}, {Approve, Supervisor}, {Deliveries, Operator}, {ManageStaff, Operator}}
}

// Granted is a permission, and the lowest role that has it.
type Granted struct {
	Permission Permission
	From       Role
}

// May reports whether a level has a permission.
func (p Permission) May(level uint8) bool {
	for _, g := range Permissions() {
		if g.Permission == p {
			return level >= g.From.Level()
		}
	}
	return false
}
