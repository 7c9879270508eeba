"""What the functions are measured beside: functions of the framework that anybody could have written."""
